/**
 * Time as something handed in, so that tests need not wait for it.
 *
 * @module
 */
import { delay } from "./async.ts";

/** Tells the time and waits for it. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Resolves after `delayMs` milliseconds. @throws the signal's reason, as soon as it aborts */
  delay(delayMs: number, options: { signal: AbortSignal }): Promise<void>;
}

/** The machine's own clock. */
export const SYSTEM_CLOCK: Clock = { now: () => performance.now(), delay };

/**
 * A signal that aborts with `parent`, or when the time allowed is over, with a TimeoutError. To be
 * disposed when the work is done, so that neither timer nor listener outlives it.
 */
export class TimeLimit implements Disposable {
  readonly signal: AbortSignal;
  readonly #done = new AbortController();

  constructor(limitMs: number, parent: AbortSignal, clock: Clock = SYSTEM_CLOCK) {
    const limit = new AbortController();
    this.signal = limit.signal;
    const onParent = () => limit.abort(parent.reason);
    if (parent.aborted) onParent();
    parent.addEventListener("abort", onParent, { once: true, signal: this.#done.signal });
    clock.delay(limitMs, { signal: this.#done.signal }).then(
      () => limit.abort(new DOMException(`No answer in ${limitMs / 1000} s`, "TimeoutError")),
      () => {}, // disposed in time
    );
  }

  [Symbol.dispose](): void {
    // Nobody is told this reason: one of the platform's own would cost more than all the rest.
    this.#done.abort("in time");
  }
}

/** Whether the error is a TimeLimit's. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
