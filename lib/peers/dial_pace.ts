/**
 * How fast peers are dialled: a list of addresses from outside, however long, must not become a flood of
 * connections from here.
 *
 * @module
 */

/** So many may be dialled at once after a rest: the peers that a tracker names. */
export const DIAL_BURST = 100;

/** And so many a second from then on. */
export const DIALS_PER_SECOND = 20;

/** The clock is handed in, in milliseconds. */
export class DialPace {
  #stock = DIAL_BURST;
  #atMs = -Infinity;

  /** Whether one more may be dialled now; it counts as dialled then. */
  take(nowMs: number): boolean {
    // Not by the stock itself, which may lack a hair to 1: what is due must be had.
    if (this.dueAtMs(nowMs) > nowMs) return false;
    this.#stock = Math.max(this.#stock - 1, 0);
    return true;
  }

  /** When one more may be dialled. */
  dueAtMs(nowMs: number): number {
    this.#refill(nowMs);
    return nowMs + Math.max(1 - this.#stock, 0) / DIALS_PER_SECOND * 1000;
  }

  #refill(nowMs: number): void {
    const grown = this.#stock + (nowMs - this.#atMs) / 1000 * DIALS_PER_SECOND;
    this.#stock = Math.min(grown, DIAL_BURST);
    this.#atMs = nowMs;
  }
}
