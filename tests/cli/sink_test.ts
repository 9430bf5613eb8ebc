import { assertEquals, assertRejects } from "@std/assert";
import { TextSink, type TextTarget, writeLastWords } from "../../lib/cli/sink.ts";

/** A target that takes at most three bytes at a time. */
class SlowTarget implements TextTarget {
  text = "";

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(this.writeSync(bytes));
  }

  writeSync(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, 3);
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  }
}

const NEVER = new AbortController().signal;

Deno.test("TextSink writes texts whole and in order, awaited or not", async () => {
  const target = new SlowTarget();
  await using sink = new TextSink(target, NEVER);
  const first = sink.write("one two three ");
  await sink.write("four");
  await first;
  assertEquals(target.text, "one two three four");
});

Deno.test("TextSink waits for no stuck reader once the signal aborts", async () => {
  const controller = new AbortController();
  const stuck = { write: () => new Promise<number>(() => {}), writeSync: () => 0 };
  const sink = new TextSink(stuck, controller.signal);
  const written = sink.write("x");
  controller.abort(new Error("over"));
  await written;
  await sink.write("y");
  await assertRejects(() => sink.writeResult("z"), Error, "over");
  await sink[Symbol.asyncDispose]();
});

Deno.test("TextSink passes on that the reader left, but not of a result", async () => {
  const closed = {
    write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")),
    writeSync: () => 0,
  };
  await using sink = new TextSink(closed, NEVER);
  await assertRejects(() => sink.write("x"), Deno.errors.BrokenPipe);
  await assertRejects(() => sink.write("y"), Deno.errors.BrokenPipe);
  await sink.writeResult("z");
});

Deno.test("writeLastWords() loops, and ignores a reader that is gone", () => {
  const target = new SlowTarget();
  writeLastWords(target, "last words");
  assertEquals(target.text, "last words");
  writeLastWords({
    write: () => Promise.resolve(0),
    writeSync: () => {
      throw new Deno.errors.BrokenPipe("gone");
    },
  }, "x");
});
