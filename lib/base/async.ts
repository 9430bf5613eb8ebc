/**
 * The few pieces of concurrency that the stages share.
 *
 * @module
 */

/**
 * A queue that many push to and one consumer iterates. Pushing never waits: what bounds the queue is
 * the credit of whoever pushes (see the budget in ledger.ts), or `limit`, beyond which push() refuses.
 * close() ends the iteration after what is queued; fail() ends it with an error at once.
 */
export class Channel<T> implements AsyncIterableIterator<T>, Disposable {
  readonly #limit: number;
  #items: T[] = [];
  #head = 0;
  #state: "open" | "closed" | "failed" = "open";
  #error: unknown;
  #waiting: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;

  /** @param limit how many items may wait; without it, the pushers bound themselves */
  constructor(limit = Infinity) {
    this.#limit = limit;
  }

  /** How many items wait. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Queues `item`; false when the channel has ended or is full, and the item was not taken. */
  push(item: T): boolean {
    if (this.#state !== "open" || this.size >= this.#limit) return false;
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.resolve({ done: false, value: item });
    } else this.#items.push(item);
    return true;
  }

  /** Ends the iteration once everything queued was taken. Idempotent. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  /** Ends the iteration with `error` at once; what is queued is dropped. Idempotent. */
  fail(error: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#error = error;
    this.#items = [];
    this.#head = 0;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  /** The next item; one caller at a time. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#head < this.#items.length) {
      return Promise.resolve({ done: false, value: this.#take() });
    }
    if (this.#state === "failed") return Promise.reject(this.#error);
    if (this.#state === "closed") return Promise.resolve({ done: true, value: undefined });
    if (this.#waiting !== undefined) {
      throw new TypeError("Cannot take from a Channel twice at once");
    }
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** Ends the iteration from the consumer's side: further pushes are refused. */
  return(): Promise<IteratorResult<T, undefined>> {
    this[Symbol.dispose]();
    return Promise.resolve({ done: true, value: undefined });
  }

  #take(): T {
    const item = this.#items[this.#head] as T;
    this.#head++;
    // Drop what was taken once it is most of the array: amortised O(1), and nothing is retained long.
    if (this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
    this.#items = [];
    this.#head = 0;
  }
}

/**
 * Resolves after `delayMs` milliseconds.
 *
 * @throws the signal's reason, as soon as it aborts
 */
export function delay(delayMs: number, options: { signal?: AbortSignal } = {}): Promise<void> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Waits for `promise`, or for the signal, whichever comes first; the promise itself is not ended by it. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    // In any case: nobody else hears of its failure.
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/**
 * Maps what comes from `source`, and yields the results in its order. Whatever comes is taken at once and
 * mapped while earlier results are still waited for, or not asked for: it is for the source to bound
 * itself. Where the consumer leaves early, the source is left at its next item; what ends one that has
 * none to come is its own.
 *
 * @throws what the source or the mapping throws
 */
export async function* mapAhead<In, Out>(
  source: AsyncIterable<In>,
  map: (item: In) => Promise<Out>,
): AsyncGenerator<Out, void, undefined> {
  using results = new Channel<Promise<Out>>();
  pump(source, (item) => {
    const result = map(item);
    result.catch(() => {}); // it is the consumer's, who may not get to it
    return results.push(result);
  }).then(() => results.close(), (error: unknown) => results.fail(error));
  for await (const result of results) yield await result;
}

/** Hands over items until there are no more, or `take` refuses one. */
async function pump<T>(source: AsyncIterable<T>, take: (item: T) => boolean): Promise<void> {
  for await (const item of source) {
    if (!take(item)) return;
  }
}
