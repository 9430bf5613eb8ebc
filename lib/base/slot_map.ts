/**
 * A Map for objects that come and go by the thousand.
 *
 * @module
 */

/**
 * Objects by numbers, in the order in which those were added.
 *
 * What a Map of them would do, but for this: V8 leaves the table that a growing or shrinking Map has given
 * up with all that was in it, and with a link to the table that followed. Once one such table has been in
 * memory for long, no small collection frees any that came after it, nor what they held. Here tables hold
 * numbers alone.
 */
export class SlotMap<Value extends object> implements Iterable<Value> {
  readonly #slots = new Map<number, number>();
  readonly #values: (Value | undefined)[] = [];
  /** Slots without a value. */
  readonly #free: number[] = [];

  /** How many there are. */
  get size(): number {
    return this.#slots.size;
  }

  /** The object of that number. */
  get(key: number): Value | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.#values[slot];
  }

  /** Adds the object at the end, or puts it in the place of the one that has the number. */
  set(key: number, value: Value): void {
    const slot = this.#slots.get(key) ?? this.#take(key);
    this.#values[slot] = value;
  }

  /** Takes the object out, if there is one. @returns whether there was */
  delete(key: number): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#slots.delete(key);
    this.#values[slot] = undefined;
    this.#free.push(slot);
    return true;
  }

  /** The objects, as a Map has its values: those that are taken out meanwhile do not come, new ones do. */
  *[Symbol.iterator](): Generator<Value, void, undefined> {
    for (const slot of this.#slots.values()) yield this.#values[slot] as Value;
  }

  #take(key: number): number {
    const slot = this.#free.pop() ?? this.#values.length;
    this.#slots.set(key, slot);
    return slot;
  }
}
