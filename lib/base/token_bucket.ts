/**
 * A rate as an account of bytes: pure, the clock is handed in.
 *
 * @module
 */

/** What an account begins with. */
export interface TokenBucketOptions {
  readonly bytesPerSecond: number;
  /** The most that is put by while nobody wants any, in bytes. */
  readonly capacityBytes: number;
  /** Nothing is in the account then; in milliseconds. */
  readonly nowMs: number;
}

/** Bytes that come in at a steady rate, and are taken. Never more than the capacity is put by. */
export class TokenBucket {
  readonly #bytesPerMs: number;
  readonly #capacityBytes: number;
  #bytes = 0;
  #atMs: number;

  constructor({ bytesPerSecond, capacityBytes, nowMs }: TokenBucketOptions) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#capacityBytes = capacityBytes;
    this.#atMs = nowMs;
  }

  /**
   * Takes so many bytes, if the account is not more than `debtBytes` below zero then; whether it did.
   *
   * @param debtBytes @default 0: what is not there is not taken
   */
  take(lengthBytes: number, nowMs: number, debtBytes = 0): boolean {
    this.#fill(nowMs);
    if (this.#bytes - lengthBytes < -debtBytes) return false;
    this.#bytes -= lengthBytes;
    return true;
  }

  /** Puts back what was taken and not used. */
  giveBack(lengthBytes: number): void {
    this.#bytes = Math.min(this.#bytes + lengthBytes, this.#capacityBytes);
  }

  /** How long until so many bytes are there, in whole milliseconds; Infinity when they never are. */
  waitMs(lengthBytes: number, nowMs: number): number {
    if (lengthBytes > this.#capacityBytes) return Infinity;
    this.#fill(nowMs);
    return Math.ceil(Math.max(0, lengthBytes - this.#bytes) / this.#bytesPerMs);
  }

  #fill(nowMs: number): void {
    const comeBytes = Math.max(0, nowMs - this.#atMs) * this.#bytesPerMs;
    this.#bytes = Math.min(this.#bytes + comeBytes, this.#capacityBytes);
    this.#atMs = nowMs;
  }
}
