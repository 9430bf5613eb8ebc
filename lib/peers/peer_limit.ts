/**
 * How many peers there may be: as many as were asked for, and fewer for a while when the process has run
 * out of descriptors, which connections share with files and trackers.
 *
 * @module
 */

/** Descriptors left to files and trackers when connections have used them up. */
const SPARE_CONNECTIONS = 4;

/** How often a limit that was lowered is raised again, in milliseconds, to find out whether there is more room. */
const RAISE_INTERVAL_MS = 30_000;

/** By what share; one peer at least. */
const RAISE_SHARE = 1 / 4;

/** A limit that falls at once, and rises slowly. */
export class PeerLimit {
  readonly #most: number;
  #count: number;
  #changedAtMs = 0;

  /** @param most peers at any time */
  constructor(most: number) {
    this.#most = this.#count = most;
  }

  /** How many there may be now, at least 1. */
  get count(): number {
    return this.#count;
  }

  /** No descriptor is left, with so many peers. */
  lower(connected: number, nowMs: number): void {
    this.#count = Math.max(1, Math.min(this.#count, connected) - SPARE_CONNECTIONS);
    this.#changedAtMs = nowMs;
  }

  /** Allows some more again, if it is time. @returns whether it does */
  raise(nowMs: number): boolean {
    if (this.#count >= this.#most || nowMs - this.#changedAtMs < RAISE_INTERVAL_MS) return false;
    this.#count = Math.min(this.#most, this.#count + Math.ceil(this.#count * RAISE_SHARE));
    this.#changedAtMs = nowMs;
    return true;
  }
}
