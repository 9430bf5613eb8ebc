/**
 * Texts on their way to standard output or standard error.
 *
 * @module
 */
import { delay, untilAborted } from "../base/async.ts";

/** What texts are written to: Deno.stdout, Deno.stderr, or a test's. */
export interface TextTarget {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
}

const ENCODER = new TextEncoder();
/** How long the end of the program waits for a reader that does not read. */
const LAST_WORDS_MS = 250;

/**
 * Writes texts whole and in order, off the main thread: a reader that is slow or stands still (a pager,
 * a stopped terminal) delays whoever awaits the write, never the network. Once the signal has aborted,
 * nobody waits for a reader any more.
 */
export class TextSink implements AsyncDisposable {
  readonly #target: TextTarget;
  readonly #signal: AbortSignal;
  #last: Promise<void> = Promise.resolve();
  /** How many texts are not written yet. */
  #waiting = 0;

  constructor(target: TextTarget, signal: AbortSignal) {
    this.#target = target;
    this.#signal = signal;
  }

  /**
   * Writes `text`, or bytes as they are; resolves when it is written, or the signal aborts.
   *
   * @throws {Deno.errors.BrokenPipe} when the reader is gone, then and ever after
   * @throws {Error} when it cannot be written for another reason
   */
  async write(text: string | Uint8Array): Promise<void> {
    const bytes = typeof text === "string" ? ENCODER.encode(text) : text;
    const written = this.#last.then(() => writeWhole(this.#target, bytes));
    this.#last = written;
    this.#waiting++;
    written.finally(() => this.#waiting--).catch(() => {}); // reported below
    try {
      await untilAborted(written, this.#signal);
    } catch (error) {
      if (!this.#signal.aborted) throw writeFailure(error);
      written.catch(() => {}); // at the end of the program a lost reader no longer matters
    }
  }

  /**
   * Writes what the user asked for; a reader who has seen enough of it and left is no failure.
   *
   * @throws {Error} when it cannot be written; the signal's reason when it aborted before the end
   */
  async writeResult(text: string | Uint8Array): Promise<void> {
    try {
      await this.write(text);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
    this.#signal.throwIfAborted();
  }

  /** Waits a moment for what was not awaited. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#waiting === 0) return;
    const moment = new AbortController();
    const written = this.#last.catch(() => {}); // reported by the write() that failed
    const limit = delay(LAST_WORDS_MS, { signal: moment.signal }).catch(() => {}); // ended below
    await Promise.race([written, limit]);
    moment.abort();
  }
}

function writeFailure(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof Deno.errors.BrokenPipe) return cause;
  return new Error(`Cannot write to the output: ${cause.message}`, { cause });
}

async function writeWhole(target: TextTarget, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await target.write(bytes.subarray(at));
}

/** Writes `text` at once, for the last moments of the program; a reader that is gone is ignored. */
export function writeLastWords(target: TextTarget, text: string): void {
  const bytes = ENCODER.encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += target.writeSync(bytes.subarray(at));
  } catch {
    // Nobody is left to read it, and nothing else is left to do.
  }
}
