/**
 * How the program ends: the exit code and the one line for each kind of error.
 *
 * @module
 */
import { BencodeError, GaveUpError, MetainfoError, StorageError } from "../base/errors.ts";
import { printable } from "../base/text.ts";
import { Interruption } from "./signals.ts";
import { UsageError } from "./usage_error.ts";

/** The exit codes that scripts rely on; 130 and 143 come with an Interruption. */
export const EXIT_CODE = Object.freeze(
  { complete: 0, failure: 1, usage: 2, invalidTorrent: 3, gaveUp: 4, disk: 5 } as const,
);

const MAX_LINE_LENGTH = 1000;

/** The exit code for an error that ended the program. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interruption) return error.exitCode;
  if (error instanceof UsageError) return EXIT_CODE.usage;
  if (error instanceof MetainfoError || error instanceof BencodeError) {
    return EXIT_CODE.invalidTorrent;
  }
  if (error instanceof GaveUpError) return EXIT_CODE.gaveUp;
  if (error instanceof StorageError) return EXIT_CODE.disk;
  return EXIT_CODE.failure;
}

/**
 * What standard error says of an error: one line, without control characters; with `stack`, the trace
 * and the causes follow. Empty for a reader of standard output who left: that is no error.
 */
export function failureText(error: unknown, detail: "line" | "stack" = "line"): string {
  if (isClosedOutput(error)) return "";
  const message = error instanceof Error ? error.message : String(error);
  const line = `westorrent: ${printable(message, MAX_LINE_LENGTH)}\n`;
  // Of a signal, the trace leads nowhere but to what listens for it.
  return detail === "line" || error instanceof Interruption ? line : line + stackOf(error);
}

/** Whether the reader of our output closed it, as `head` does. */
export function isClosedOutput(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe;
}

function stackOf(error: unknown): string {
  const lines = Deno.inspect(error, { colors: false }).split("\n");
  return lines.map((line) => `${printable(line, MAX_LINE_LENGTH)}\n`).join("");
}
