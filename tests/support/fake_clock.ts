import type { Clock } from "../../lib/base/clock.ts";

interface Wait {
  readonly delayMs: number;
  readonly atMs: number;
  readonly wake: () => void;
}

/** Time that passes only when a test says so. */
export class FakeClock implements Clock {
  #nowMs = 1_000_000;
  readonly #waits = new Set<Wait>();
  readonly #watchers = new Map<number, PromiseWithResolvers<void>>();

  now(): number {
    return this.#nowMs;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waits.size;
  }

  delay(delayMs: number, { signal }: { signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#waits.delete(wait);
        reject(signal.reason);
      };
      const wake = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const wait: Wait = { delayMs, atMs: this.#nowMs + delayMs, wake };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waits.add(wait);
      this.#watchers.get(delayMs)?.resolve();
      this.#watchers.delete(delayMs);
    });
  }

  /** Resolves when somebody waits for just this long. */
  untilWaiting(delayMs: number): Promise<void> {
    for (const wait of this.#waits) if (wait.delayMs === delayMs) return Promise.resolve();
    const watcher = this.#watchers.get(delayMs) ?? Promise.withResolvers<void>();
    this.#watchers.set(delayMs, watcher);
    return watcher.promise;
  }

  /** Lets time pass, and wakes whose time has come, in order. */
  advance(byMs: number): void {
    this.#nowMs += byMs;
    const due = [...this.#waits].filter((wait) => wait.atMs <= this.#nowMs);
    for (const wait of due.sort((a, b) => a.atMs - b.atMs)) {
      this.#waits.delete(wait);
      wait.wake();
    }
  }
}
