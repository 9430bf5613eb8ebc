/**
 * How many whole copies a set of holders has between them: kept as holders change, never counted anew.
 *
 * @module
 */

/** For every number of copies, how many pieces have it. */
export class Copies {
  readonly #pieceCount: number;
  /** Index: a number of copies; value: how many pieces have so many. */
  readonly #pieces: number[];
  #least = 0;

  /** Every piece starts with no copy. */
  constructor(pieceCount: number) {
    this.#pieceCount = pieceCount;
    this.#pieces = [pieceCount];
  }

  /** Whole copies: 2.25 means that every piece has two, and a quarter of them a third. */
  get whole(): number {
    if (this.#pieceCount === 0) return 0;
    return this.#least + 1 - this.#with(this.#least) / this.#pieceCount;
  }

  /** A piece that had so many copies has one more. */
  increase(copies: number): void {
    this.#move(copies, copies + 1);
    while (this.#with(this.#least) === 0 && this.#pieceCount > 0) this.#least++;
  }

  /** A piece that had so many copies has one less. */
  decrease(copies: number): void {
    this.#move(copies, copies - 1);
    if (copies - 1 < this.#least) this.#least = copies - 1;
  }

  #move(from: number, to: number): void {
    this.#pieces[from] = this.#with(from) - 1;
    this.#pieces[to] = this.#with(to) + 1;
  }

  #with(copies: number): number {
    return this.#pieces[copies] ?? 0;
  }
}
