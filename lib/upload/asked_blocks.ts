/**
 * What one peer has asked us for and not been given, first in, first out; bounded. No object for each.
 *
 * @module
 */
import type { BlockRequest } from "../peers/message.ts";

/** The most requests that wait for one peer, in a ring that grows up to here: a power of two. */
export const MAX_ASKED = 2048;

/** What the ring has room for at first. */
const START_CAPACITY = 64;

/** Numbers of a request: piece index, begin, length; the length 0 stands for one that was cancelled. */
const FIELDS = 3;

/** A bounded queue of requests. */
export class AskedBlocks {
  #ring = new Uint32Array(START_CAPACITY * FIELDS);
  #capacity = START_CAPACITY;
  /** Counts what was ever taken out, and put in. */
  #head = 0;
  #tail = 0;
  #cancelled = 0;
  readonly #first = { pieceIndex: 0, begin: 0, lengthBytes: 0 };

  /** How many wait. */
  get length(): number {
    return this.#tail - this.#head - this.#cancelled;
  }

  /** Adds a request, of at least one byte; false when there is no room for it. */
  push({ pieceIndex, begin, lengthBytes }: BlockRequest): boolean {
    const isFull = this.#tail - this.#head === this.#capacity;
    if (isFull && !this.#closeUp() && !this.#grow()) return false;
    const at = this.#placeOf(this.#tail++);
    this.#ring[at] = pieceIndex;
    this.#ring[at + 1] = begin;
    this.#ring[at + 2] = lengthBytes;
    return true;
  }

  /** The one that has waited longest, or one that comes `ahead` places later; valid until the next call. */
  peek(ahead = 0): BlockRequest | undefined {
    this.#skipCancelled();
    const position = this.#head + ahead;
    if (position >= this.#tail) return undefined;
    const at = this.#placeOf(position);
    const first = this.#first;
    first.pieceIndex = this.#ring[at] ?? 0;
    first.begin = this.#ring[at + 1] ?? 0;
    first.lengthBytes = this.#ring[at + 2] ?? 0;
    return first.lengthBytes === 0 ? undefined : first;
  }

  /** Takes out the one that peek() shows. */
  shift(): void {
    this.#skipCancelled();
    if (this.#head < this.#tail) this.#head++;
  }

  /** Takes a request out, if it waits. */
  cancel({ pieceIndex, begin, lengthBytes }: BlockRequest): boolean {
    if (lengthBytes === 0) return false;
    for (let position = this.#head; position < this.#tail; position++) {
      const at = this.#placeOf(position);
      const ring = this.#ring;
      if (ring[at] !== pieceIndex || ring[at + 1] !== begin) continue;
      if (ring[at + 2] !== lengthBytes) continue;
      ring[at + 2] = 0;
      this.#cancelled++;
      return true;
    }
    return false;
  }

  /** Takes all out, telling each. */
  clear(tell: (request: BlockRequest) => void = () => {}): void {
    for (let first = this.peek(); first !== undefined; first = this.peek()) {
      tell(first);
      this.shift();
    }
  }

  #skipCancelled(): void {
    while (this.#cancelled > 0 && this.#ring[this.#placeOf(this.#head) + 2] === 0) {
      this.#head++;
      this.#cancelled--;
    }
  }

  #placeOf(position: number): number {
    return (position & (this.#capacity - 1)) * FIELDS;
  }

  /** Takes up the room of what was cancelled; false when there is none. */
  #closeUp(): boolean {
    if (this.#cancelled === 0) return false;
    let end = this.#head;
    for (let position = this.#head; position < this.#tail; position++) {
      const from = this.#placeOf(position);
      if (this.#ring[from + 2] !== 0) {
        this.#ring.copyWithin(this.#placeOf(end++), from, from + FIELDS);
      }
    }
    this.#tail = end;
    this.#cancelled = 0;
    return true;
  }

  #grow(): boolean {
    if (this.#capacity >= MAX_ASKED) return false;
    const old = this.#ring;
    const oldCapacity = this.#capacity;
    this.#capacity *= 2;
    this.#ring = new Uint32Array(this.#capacity * FIELDS);
    for (let position = this.#head; position < this.#tail; position++) {
      const from = (position & (oldCapacity - 1)) * FIELDS;
      const to = this.#placeOf(position);
      for (let field = 0; field < FIELDS; field++) this.#ring[to + field] = old[from + field] ?? 0;
    }
    return true;
  }
}
