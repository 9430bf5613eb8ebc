/**
 * One rate that all connections share: who wants to read or write waits in line for a little of it.
 *
 * @module
 */
import { type Clock, SYSTEM_CLOCK } from "../base/clock.ts";
import { TokenBucket } from "../base/token_bucket.ts";

/**
 * How much time's worth is put by while nobody wants any, in milliseconds. Above what a timer may be late,
 * or the rate would not be reached; little, since it may all be spent at once.
 */
const PUT_BY_MS = 50;

/** How much time's worth small messages may take before their time, in milliseconds. */
const DEBT_MS = 100;

/** How much time's worth one may take at once, in milliseconds: everybody who waits for bytes holds so many. */
const PORTION_MS = 5;

/** The least that is worth a read or a write, in bytes. */
const MIN_PORTION = 1024;

/** Who is in line. */
interface Turn {
  readonly lengthBytes: number;
  readonly grant: () => void;
}

/** A limit of bytes per second, kept by waiting; first come, first served. */
export class RateLimit {
  /** What may be asked for at once, in bytes. */
  readonly portionBytes: number;
  readonly #bucket: TokenBucket;
  readonly #debtBytes: number;
  readonly #clock: Clock;
  readonly #line = new Set<Turn>();
  /** Ends the wait for the first in line to have what it asks for. */
  #waiting: AbortController | undefined;

  constructor(bytesPerSecond: number, clock: Clock = SYSTEM_CLOCK) {
    const bytesPerMs = bytesPerSecond / 1000;
    this.portionBytes = Math.max(Math.ceil(PORTION_MS * bytesPerMs), MIN_PORTION);
    this.#debtBytes = DEBT_MS * bytesPerMs;
    this.#clock = clock;
    const capacityBytes = Math.max(PUT_BY_MS * bytesPerMs, this.portionBytes);
    this.#bucket = new TokenBucket({ bytesPerSecond, capacityBytes, nowMs: clock.now() });
  }

  /**
   * Resolves when it is the caller's turn and so many bytes are its own.
   *
   * @param lengthBytes at most portionBytes
   * @throws the signal's reason, as soon as it aborts
   */
  take(lengthBytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#line.delete(turn);
        this.#serve();
        reject(signal.reason);
      };
      const grant = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const turn = { lengthBytes, grant };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#line.add(turn);
      this.#serve();
    });
  }

  /** Takes so many bytes out of turn, of those to come if need be; false when too many were taken so. */
  takeNow(lengthBytes: number): boolean {
    return this.#bucket.take(lengthBytes, this.#clock.now(), this.#debtBytes);
  }

  /** Puts back what was taken and not used. */
  giveBack(lengthBytes: number): void {
    if (lengthBytes === 0) return;
    this.#bucket.giveBack(lengthBytes);
    this.#serve();
  }

  /** Lets through whoever can be, and waits for the next one's time. */
  #serve(): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
    for (const turn of this.#line) {
      const nowMs = this.#clock.now();
      if (!this.#bucket.take(turn.lengthBytes, nowMs)) {
        return this.#wait(this.#bucket.waitMs(turn.lengthBytes, nowMs));
      }
      this.#line.delete(turn);
      turn.grant();
    }
  }

  #wait(delayMs: number): void {
    const waiting = new AbortController();
    this.#waiting = waiting;
    this.#clock.delay(delayMs, { signal: waiting.signal }).then(
      () => this.#serve(),
      () => {}, // somebody else came, went or gave back, and the time was reckoned anew
    );
  }
}
