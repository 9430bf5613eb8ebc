import { assertEquals } from "@std/assert";
import { LiveLine } from "../../lib/cli/terminal.ts";

function fakeScreen(columns: number) {
  const screen = {
    width: columns,
    texts: [] as string[],
    columns: () => screen.width,
    write: (text: string) => {
      screen.texts.push(text);
      return Promise.resolve();
    },
  };
  return screen;
}

Deno.test("LiveLine redraws in place, below what is printed", async () => {
  const screen = fakeScreen(80);
  const line = new LiveLine(screen);
  await line.print("first");
  await line.draw(() => "10%");
  await line.draw(() => "20%");
  await line.print("second");
  await line.close();
  await line.print("third");
  assertEquals(screen.texts, [
    "first\n",
    "10%",
    "\r\x1b[J20%",
    "\r\x1b[Jsecond\n20%",
    "\r\x1b[J",
    "third\n",
  ]);
});

Deno.test("LiveLine takes away all rows that a narrower window made of it", async () => {
  const screen = fakeScreen(80);
  const line = new LiveLine(screen);
  await line.draw((columns) => "\x1b[32m" + "=".repeat(columns - 1) + "\x1b[39m");
  screen.width = 30;
  await line.redraw();
  screen.width = 60;
  await line.redraw();
  const bar = (length: number) => "\x1b[32m" + "=".repeat(length) + "\x1b[39m";
  assertEquals(screen.texts, [bar(79), `\r\x1b[2A\x1b[J${bar(29)}`, `\r\x1b[J${bar(59)}`]);
});

Deno.test("LiveLine without a line has nothing to redraw or take away", async () => {
  const screen = fakeScreen(80);
  const line = new LiveLine(screen);
  await line.redraw();
  assertEquals(screen.texts, []);
  assertEquals(line.end(), "");
});
