import { assert, assertEquals } from "@std/assert";
import {
  BencodeError,
  GaveUpError,
  MetainfoError,
  StorageError,
  TrackerError,
} from "../../lib/base/errors.ts";
import { exitCodeOf, failureText } from "../../lib/cli/exit.ts";
import { Interruption } from "../../lib/cli/signals.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

Deno.test("exitCodeOf() gives each kind of error its code", () => {
  const rows: [unknown, number][] = [
    [new Error("x"), 1],
    [new TrackerError("x", "u"), 1],
    ["not even an error", 1],
    [new UsageError("x"), 2],
    [new MetainfoError("x", "info"), 3],
    [new BencodeError("x", 0), 3],
    [new GaveUpError("x"), 4],
    [new StorageError("x", "p", "ENOSPC"), 5],
    [new Interruption("SIGINT"), 130],
    [new Interruption("SIGBREAK"), 130],
    [new Interruption("SIGTERM"), 143],
  ];
  for (const [error, code] of rows) assertEquals(exitCodeOf(error), code, String(error));
});

Deno.test("failureText() is one line without control characters", () => {
  const text = failureText(new Error("Cannot read \x1b]0;evil\x07\nnext\u202e"));
  assertEquals(text, "westorrent: Cannot read ]0;evil next\n");
  assertEquals(failureText(new Error("x".repeat(5000))).length, "westorrent: \n".length + 1000);
});

Deno.test("failureText() adds the trace and the causes when asked", () => {
  const text = failureText(new Error("outer", { cause: new Error("in\x1bner") }), "stack");
  assert(text.startsWith("westorrent: outer\nError: outer\n    at "));
  assert(text.includes("[cause]: Error: inner\n"));
});

Deno.test("failureText() says nothing of a reader that left", () => {
  assertEquals(failureText(new Deno.errors.BrokenPipe("x")), "");
});

Deno.test("failureText() adds no trace to a signal", () => {
  const text = failureText(new Interruption("SIGINT"), "stack");
  assertEquals(text, "westorrent: Stopped by SIGINT\n");
});
