/**
 * The buffers that sockets are read into: handed from connection to connection instead of being left to
 * the garbage collector, and smaller the more connections there are.
 *
 * @module
 */

/** The bounds of one read buffer, in bytes. */
export const MIN_READ_BUFFER: number = 4 * 1024;
export const MAX_READ_BUFFER: number = 256 * 1024;

/** What all read buffers together may take before each has to be smaller, in bytes. */
const SHARED_BYTES = 4 * 1024 * 1024;

/** Even with many connections, one read takes a few blocks: below that, reads cost more than they bring. */
const MIN_SHARE = 64 * 1024;

/** How many unused buffers of each size are kept. */
const MAX_FREE = 8;

/** A pool of read buffers of all sizes that are powers of two. */
export class ReadBuffers {
  readonly #free = new Map<number, Uint8Array<ArrayBuffer>[]>();
  #limit = MAX_READ_BUFFER;

  /** The longest that a buffer should grow to, in bytes. */
  get limit(): number {
    return this.#limit;
  }

  /** Tells how many connections share what there is. */
  share(connections: number): void {
    const share = SHARED_BYTES / Math.max(connections, 1);
    this.#limit = Math.min(Math.max(2 ** Math.floor(Math.log2(share)), MIN_SHARE), MAX_READ_BUFFER);
  }

  /** A buffer of this length, its content undefined. */
  take(lengthBytes: number): Uint8Array<ArrayBuffer> {
    return this.#free.get(lengthBytes)?.pop() ?? new Uint8Array(lengthBytes);
  }

  /** Gives a buffer back, of which no view is used any more. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    const free = this.#free.get(buffer.length) ?? [];
    this.#free.set(buffer.length, free);
    if (buffer.length <= MAX_READ_BUFFER && free.length < MAX_FREE) free.push(buffer);
  }
}
