import { assertEquals } from "@std/assert";
import { LineProgress, LiveProgress } from "../../lib/cli/live.ts";
import { TextSink, type TextTarget } from "../../lib/cli/sink.ts";

const NEVER = new AbortController().signal;

function checking(checkedBytes: number) {
  return { kind: "checking", checkedBytes, totalBytes: 100 } as const;
}

function textTarget(): TextTarget & { readonly texts: string[] } {
  const texts: string[] = [];
  const writeSync = (bytes: Uint8Array) => {
    texts.push(new TextDecoder().decode(bytes));
    return bytes.length;
  };
  return { texts, writeSync, write: (bytes) => Promise.resolve(writeSync(bytes)) };
}

Deno.test("LineProgress prints a line every 10 seconds", async () => {
  let now = 0;
  const target = textTarget();
  await using progress = new LineProgress(new TextSink(target, NEVER), () => now);
  for (; now <= 25_000; now += 1000) await progress.progress("x", checking(now / 1000));
  assertEquals(target.texts, [
    "Checking: 10.0% (10 B of 100 B)\n",
    "Checking: 20.0% (20 B of 100 B)\n",
  ]);
});

Deno.test("LiveProgress draws ten frames a second at most", async () => {
  let now = 0;
  const target = textTarget();
  const options = { target, columns: () => 30, colors: "off", now: () => now } as const;
  await using progress = new LiveProgress(new TextSink(target, NEVER), options);
  for (; now <= 250; now += 10) await progress.progress("x", checking(now / 10));
  assertEquals(target.texts.length, 3);
});
