/**
 * Which of the missing pieces are rare: a sort that costs O(1) per HAVE, whatever the number of pieces.
 *
 * `order` holds every piece, sorted by key; `starts[k]` is where key k begins. Key 0 are the pieces that
 * may not be opened (open, verified or not wanted); a piece that may has the key 1 + its availability.
 * One more copy moves a piece across one boundary: one swap.
 *
 * @module
 */

/**
 * Pieces sorted by how many incomplete peers have them; complete peers have all and are left out.
 *
 * @internal
 */
export class Rarity {
  readonly #order: Uint32Array;
  readonly #position: Uint32Array;
  readonly #key: Uint32Array;
  readonly #availability: Uint32Array;
  readonly #starts: number[];
  readonly #random: () => number;

  /** Every piece starts with no copy, and closed to opening only by close(). */
  constructor(pieceCount: number, random: () => number) {
    this.#order = new Uint32Array(pieceCount);
    this.#position = new Uint32Array(pieceCount);
    this.#key = new Uint32Array(pieceCount).fill(1);
    this.#availability = new Uint32Array(pieceCount);
    this.#starts = [0, 0, pieceCount];
    this.#random = random;
    for (let index = 0; index < pieceCount; index++) {
      this.#order[index] = index;
      this.#position[index] = index;
    }
  }

  /** How many pieces may be opened. */
  get size(): number {
    return this.#order.length - this.#start(1);
  }

  /** How many incomplete peers have the piece. */
  availability(pieceIndex: number): number {
    return this.#availability[pieceIndex] ?? 0;
  }

  /** One more incomplete peer has the piece. */
  increase(pieceIndex: number): void {
    this.#availability[pieceIndex] = this.availability(pieceIndex) + 1;
    if (this.#keyOf(pieceIndex) > 0) this.#up(pieceIndex);
  }

  /** One incomplete peer less has the piece. */
  decrease(pieceIndex: number): void {
    this.#availability[pieceIndex] = this.availability(pieceIndex) - 1;
    if (this.#keyOf(pieceIndex) > 0) this.#down(pieceIndex);
  }

  /** The piece may not be opened any more. */
  close(pieceIndex: number): void {
    while (this.#keyOf(pieceIndex) > 0) this.#down(pieceIndex);
  }

  /** The piece may be opened (again). */
  reopen(pieceIndex: number): void {
    const key = this.availability(pieceIndex) + 1;
    while (this.#keyOf(pieceIndex) < key) this.#up(pieceIndex);
  }

  /**
   * The rarest piece that passes `has`, at random among equals; undefined when there is none.
   *
   * @param minAvailability 1 for a peer that counts in availability itself, which spares the pieces nobody has
   */
  rarest(has: (pieceIndex: number) => boolean, minAvailability: number): number | undefined {
    for (let key = minAvailability + 1; key + 1 < this.#starts.length; key++) {
      const found = this.#scan(this.#start(key), this.#start(key + 1), has);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Any piece that passes `has`, at random; undefined when there is none. */
  any(has: (pieceIndex: number) => boolean): number | undefined {
    return this.#scan(this.#start(1), this.#order.length, has);
  }

  #scan(from: number, to: number, has: (pieceIndex: number) => boolean): number | undefined {
    const length = to - from;
    if (length <= 0) return undefined;
    const first = Math.floor(this.#random() * length);
    for (let step = 0; step < length; step++) {
      const pieceIndex = this.#order[from + ((first + step) % length)] as number;
      if (has(pieceIndex)) return pieceIndex;
    }
    return undefined;
  }

  #up(pieceIndex: number): void {
    const key = this.#keyOf(pieceIndex);
    if (this.#starts[key + 2] === undefined) this.#starts[key + 2] = this.#order.length;
    const boundary = this.#start(key + 1) - 1;
    this.#swap(pieceIndex, boundary);
    this.#starts[key + 1] = boundary;
    this.#key[pieceIndex] = key + 1;
  }

  #down(pieceIndex: number): void {
    const key = this.#keyOf(pieceIndex);
    const boundary = this.#start(key);
    this.#swap(pieceIndex, boundary);
    this.#starts[key] = boundary + 1;
    this.#key[pieceIndex] = key - 1;
  }

  #swap(pieceIndex: number, position: number): void {
    const other = this.#order[position] as number;
    const from = this.#position[pieceIndex] as number;
    this.#order[from] = other;
    this.#position[other] = from;
    this.#order[position] = pieceIndex;
    this.#position[pieceIndex] = position;
  }

  #keyOf(pieceIndex: number): number {
    return this.#key[pieceIndex] ?? 0;
  }

  #start(key: number): number {
    return this.#starts[key] ?? this.#order.length;
  }
}
