/**
 * The least of what is offered, at random among equals.
 *
 * @module
 */

/**
 * Takes offers one by one, then says which was the least; to be used again and again.
 *
 * @internal
 */
export class Least {
  /** What is as little as anything offered. */
  readonly #equals: number[] = [];
  #count = 0;
  #rank = Infinity;

  /** `rank` decides; `value` is what take() gives. */
  offer(value: number, rank: number): void {
    if (rank > this.#rank) return;
    if (rank < this.#rank) this.#count = 0;
    this.#rank = rank;
    this.#equals[this.#count++] = value;
  }

  /** The least since the last call; undefined when nothing was offered. @param random in [0, 1) */
  take(random: () => number): number | undefined {
    const value = this.#count === 0 ? undefined : this.#equals[Math.floor(random() * this.#count)];
    this.#count = 0;
    this.#rank = Infinity;
    return value;
  }
}
