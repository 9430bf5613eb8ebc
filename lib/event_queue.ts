/**
 * Events on their way out of the engine. Whoever reads slowly, or not at all, never stops it.
 *
 * @module
 */
import type { DownloadEvent } from "./events.ts";

/** How many events wait for a slow consumer; of more, the oldest are dropped. */
const MAX_WAITING = 1000;

/** A bounded queue: of progress and checking only the newest waits, of everything else all, up to a bound. */
export class EventQueue implements AsyncIterableIterator<DownloadEvent> {
  #waiting: DownloadEvent[] = [];
  #end: { readonly error?: unknown } | undefined;
  #consumer: PromiseWithResolvers<void> | undefined;

  /** Takes an event; never waits. */
  push(event: DownloadEvent): void {
    if (this.#end !== undefined) return;
    if (event.kind === "progress" || event.kind === "checking") {
      this.#waiting = this.#waiting.filter((other) => other.kind !== event.kind);
    }
    this.#waiting.push(event);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    this.#wake();
  }

  /** Nothing more will come. */
  close(): void {
    this.#end ??= {};
    this.#wake();
  }

  /** Nothing more will come, because of an error, which is thrown after what waits. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  async next(): Promise<IteratorResult<DownloadEvent, undefined>> {
    for (;;) {
      const value = this.#waiting.shift();
      if (value !== undefined) return { done: false, value };
      if (this.#end !== undefined) {
        if ("error" in this.#end) throw this.#end.error;
        return { done: true, value: undefined };
      }
      this.#consumer ??= Promise.withResolvers();
      await this.#consumer.promise;
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wake(): void {
    this.#consumer?.resolve();
    this.#consumer = undefined;
  }
}

/**
 * Runs something, and hands out what it tells as it comes; what it returns is the last event. Leaving
 * early aborts it, and waits for its end.
 *
 * @throws what it throws, after what it told before; also to whoever leaves early, unless it is the
 *   signal's reason
 */
export async function* eventsOf(
  run: (events: EventQueue, signal: AbortSignal) => Promise<DownloadEvent>,
  outer?: AbortSignal,
): AsyncGenerator<DownloadEvent, void, undefined> {
  outer?.throwIfAborted();
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, ...(outer === undefined ? [] : [outer])]);
  const events = new EventQueue();
  const running = run(events, signal).then((last) => {
    events.push(last);
    events.close();
  });
  running.catch((error: unknown) => events.fail(error));
  try {
    yield* events;
  } finally {
    ending.abort(new DOMException("The consumer of the events has gone", "AbortError"));
    await running.catch((error: unknown) => {
      // It may be that the state could not be saved.
      if (error !== signal.reason) throw error;
    });
  }
}
