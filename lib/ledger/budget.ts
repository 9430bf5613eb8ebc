/**
 * The one bound on memory: bytes of pieces held in memory, and bytes asked for.
 *
 * @module
 */

/** What may be requested, held, or waiting for the disk at one time, in bytes. */
export const BUDGET_BYTES = 32 * 1024 * 1024;

/** The share of the budget that buffers of whole pieces may take; the rest stays for blocks written in place. */
const BUFFER_BYTES = (BUDGET_BYTES * 3) / 4;

/** A piece above this length is never held in memory: its blocks are written in place as they come. */
export const MAX_BUFFERED_PIECE_LENGTH = 4 * 1024 * 1024;

/**
 * Credit for requests and buffers, and a pool of the buffers themselves, all of one length.
 *
 * @internal
 */
export class Budget {
  readonly #bufferLength: number;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  #buffers = 0;
  #requestedBytes = 0;

  /** @param bufferLength of every buffer: the longest piece, in bytes */
  constructor(bufferLength: number) {
    this.#bufferLength = bufferLength;
  }

  /** Bytes that may still be asked for to be written in place. */
  get freeBytes(): number {
    return BUDGET_BYTES - this.#buffers * this.#bufferLength - this.#requestedBytes;
  }

  /** Bytes that may still be asked for in the usual way: in buffers, where the torrent's pieces have them. */
  get usualBytes(): number {
    if (this.neverBuffers) return this.freeBytes;
    return Math.min(this.freeBytes, BUFFER_BYTES - this.#buffers * this.#bufferLength);
  }

  /** Whether pieces of this torrent are too long to be held in memory at all. */
  get neverBuffers(): boolean {
    return this.#bufferLength > MAX_BUFFERED_PIECE_LENGTH;
  }

  /** Whether there is room for the buffer of one more piece. */
  get hasBuffer(): boolean {
    return !this.neverBuffers && this.#bufferLength <= this.usualBytes;
  }

  /** A buffer for one piece, its content undefined; undefined when the budget is spent or pieces are too long. */
  takeBuffer(): Uint8Array<ArrayBuffer> | undefined {
    if (!this.hasBuffer) return undefined;
    this.#buffers++;
    return this.#free.pop() ?? new Uint8Array(this.#bufferLength);
  }

  /** Gives a buffer back, or the part of it that a short piece used; nobody may use it any more. */
  giveBuffer(buffer: Uint8Array<ArrayBuffer>): void {
    this.#buffers--;
    this.#free.push(new Uint8Array(buffer.buffer));
  }

  /** Books a block that will be written in place. */
  takeRequest(lengthBytes: number): void {
    this.#requestedBytes += lengthBytes;
  }

  /** Ends what takeRequest() booked. */
  giveRequest(lengthBytes: number): void {
    this.#requestedBytes -= lengthBytes;
  }
}
