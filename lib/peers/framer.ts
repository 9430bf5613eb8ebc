/**
 * Cuts what a socket delivers into messages (BEP 3), synchronously and without copying them.
 *
 * Usage: read into space(), commit() what was read, take messages with next() until there is none.
 *
 * @module
 */
import {
  checkMessage,
  decodeMessage,
  KEEP_ALIVE,
  LENGTH_PREFIX,
  MAX_MESSAGE,
  type Message,
  MESSAGE_ID,
  refuse,
} from "./message.ts";
import { MIN_READ_BUFFER, ReadBuffers } from "./read_buffers.ts";

export { MAX_READ_BUFFER, MIN_READ_BUFFER } from "./read_buffers.ts";

/** After so many reads, none of which filled a quarter of it, the buffer is halved. */
const READS_BEFORE_SHRINKING = 32;

/** What a Framer starts from. */
export interface FramerOptions {
  /** The exact length of a bitfield in bytes; without it (pieces not yet known) any up to MAX_BITFIELD passes. */
  readonly bitfieldLength?: number;
  /** Where the read buffer comes from, and how long it may get. @default a pool of its own */
  readonly buffers?: ReadBuffers;
  /** What was read beyond the handshake; copied. */
  readonly leftover?: Uint8Array;
}

/** Owns the read buffer of one connection. */
export class Framer {
  readonly #bitfieldLength: number | undefined;
  readonly #buffers: ReadBuffers;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  /** What is buffered and not yet taken lies from #start to #end. */
  #start = 0;
  #end = 0;
  /** The message at hand with its prefix, in bytes, as far as it is known. */
  #wanted = LENGTH_PREFIX;
  #reads = 0;
  #peak = 0;

  constructor(options: FramerOptions = {}) {
    this.#bitfieldLength = options.bitfieldLength;
    const leftover = options.leftover ?? new Uint8Array(0);
    this.#buffers = options.buffers ?? new ReadBuffers();
    this.#bytes = this.#buffers.take(roundUp(leftover.length));
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes.set(leftover);
    this.#end = leftover.length;
  }

  /** The size of the read buffer, in bytes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** How many bytes are buffered and not yet taken. */
  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /**
   * Where to read the socket into: never empty once next() has returned `undefined`. Ends the validity
   * of every view in the messages taken so far, and moves what is left of a message to the front.
   */
  space(): Uint8Array<ArrayBuffer> {
    const capacity = this.#nextCapacity();
    if (capacity !== this.#bytes.length) this.#replace(capacity);
    else if (this.#start > 0) {
      if (this.#start < this.#end) this.#bytes.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return this.#bytes.subarray(this.#end);
  }

  /** Tells that `lengthBytes` bytes were read into the last space(). */
  commit(lengthBytes: number): void {
    if (lengthBytes < 0 || lengthBytes > this.#bytes.length - this.#end) {
      throw new RangeError(`Cannot commit ${lengthBytes} bytes: more than the space`);
    }
    this.#end += lengthBytes;
    this.#reads++;
    this.#peak = Math.max(this.#peak, this.#end);
  }

  /**
   * The next whole message, or `undefined` until more was read. Its views are valid until the next
   * space(). Limits hold as soon as the length, and the id, are there: the body is not waited for.
   *
   * @throws {PeerError} "protocol", for what may not be sent; the framer is of no use afterwards
   */
  next(): Message | undefined {
    const available = this.#end - this.#start;
    if (available < LENGTH_PREFIX) return this.#await(LENGTH_PREFIX);
    const length = this.#view.getUint32(this.#start);
    const from = this.#start + LENGTH_PREFIX;
    if (length === 0) {
      this.#start = from;
      return KEEP_ALIVE;
    }
    if (length > MAX_MESSAGE) refuse(`it announces ${length} bytes, more than ${MAX_MESSAGE}`);
    if (available === LENGTH_PREFIX) return this.#await(LENGTH_PREFIX + 1);
    if (available < LENGTH_PREFIX + length) {
      this.#check(this.#view.getUint8(from), length);
      return this.#await(LENGTH_PREFIX + length);
    }
    if (this.#view.getUint8(from) === MESSAGE_ID.bitfield) this.#check(MESSAGE_ID.bitfield, length);
    this.#start = from + length;
    return decodeMessage(this.#view, from, this.#start);
  }

  #await(lengthBytes: number): undefined {
    this.#wanted = lengthBytes;
  }

  #check(id: number, lengthBytes: number): void {
    checkMessage(id, lengthBytes);
    if (id !== MESSAGE_ID.bitfield || this.#bitfieldLength === undefined) return;
    if (lengthBytes === 1 + this.#bitfieldLength) return;
    refuse(`bitfield has ${lengthBytes - 1} bytes, not ${this.#bitfieldLength}`);
  }

  /** Doubles a buffer that a read has filled, up to the limit, halves one that stayed nearly empty, fits the message at hand. */
  #nextCapacity(): number {
    let capacity = this.#bytes.length;
    if (this.#end === capacity) capacity *= 2;
    else if (this.#reads >= READS_BEFORE_SHRINKING) {
      if (this.#peak <= capacity / 4) capacity /= 2;
      this.#reads = 0;
      this.#peak = this.#end;
    }
    const needed = roundUp(Math.max(this.#wanted, this.bufferedBytes));
    return Math.max(Math.min(capacity, this.#buffers.limit), needed);
  }

  #replace(capacity: number): void {
    const bytes = this.#buffers.take(capacity);
    bytes.set(this.#bytes.subarray(this.#start, this.#end));
    this.#buffers.give(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#end -= this.#start;
    this.#start = 0;
  }
}

/** The next power of two: the lengths that buffers have. */
function roundUp(lengthBytes: number): number {
  return Math.max(2 ** Math.ceil(Math.log2(Math.max(lengthBytes, 1))), MIN_READ_BUFFER);
}
