/**
 * Something to be waited for, looked at again and again.
 *
 * @module
 */

/** One goal at a time. */
export class Goal {
  #waiting: (PromiseWithResolvers<void> & { readonly isReached: () => boolean }) | undefined;

  /**
   * Resolves at the first look() at which `isReached` says so.
   *
   * @throws what fail() is told; the signal's reason
   */
  async until(isReached: () => boolean, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const waiting = { ...Promise.withResolvers<void>(), isReached };
    this.#waiting = waiting;
    const onAbort = () => waiting.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    await waiting.promise.finally(() => signal.removeEventListener("abort", onAbort));
  }

  /** Looks whether it is reached. */
  look(): void {
    if (this.#waiting?.isReached()) this.#waiting.resolve();
  }

  /** It will not be reached. */
  fail(error: unknown): void {
    this.#waiting?.reject(error);
  }
}
