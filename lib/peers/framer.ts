/**
 * Cuts what a socket delivers into messages (BEP 3), synchronously and without copying them.
 *
 * Usage: read into space(), commit() what was read, take messages with next() until there is none.
 *
 * @module
 */
import type { Memory } from "../base/memory.ts";
import {
  checkMessage,
  decodeMessage,
  KEEP_ALIVE,
  LENGTH_PREFIX,
  MAX_MESSAGE,
  type Message,
  MESSAGE_ID,
  PieceMessage,
  refuse,
} from "./message.ts";
import { LARGE_BUFFER, ReadBuffers, SMALL_BUFFER } from "./read_buffers.ts";

/** What a Framer starts from. */
export interface FramerOptions {
  /** The exact length of a bitfield in bytes; without it (pieces not yet known) any up to MAX_BITFIELD passes. */
  readonly bitfieldLength?: number;
  /** Whether both sides have offered the fast extension (BEP 6). @default false */
  readonly hasFast?: boolean;
  /** Where the read buffers come from. @default a pool of its own */
  readonly buffers?: ReadBuffers;
  /** What was read beyond the handshake, at most SMALL_BUFFER bytes; copied. */
  readonly leftover?: Uint8Array;
}

/** Owns the read buffers of one connection. All places are in the memory of its pool. */
export class Framer implements Disposable {
  readonly memory: Memory;
  readonly #buffers: ReadBuffers;
  readonly #bitfieldLength: number | undefined;
  /** Where the message at hand lies, and what a block of it goes into. */
  readonly #place = { start: 0, end: 0, piece: new PieceMessage(), hasFast: false };
  readonly #small: number;
  /** A large buffer, while it is borrowed: then everything is in there. */
  #large: number | undefined;
  /** What is buffered and not yet taken lies from #start to #end. */
  #start: number;
  #end: number;
  /** The message at hand with its prefix, in bytes, as far as it is known. */
  #wanted = LENGTH_PREFIX;
  #wasFilled = false;
  #isDisposed = false;

  constructor(options: FramerOptions = {}) {
    this.#bitfieldLength = options.bitfieldLength;
    this.#place.hasFast = options.hasFast ?? false;
    this.#buffers = options.buffers ?? new ReadBuffers();
    this.memory = this.#buffers.memory;
    this.#small = this.#start = this.#end = this.#buffers.takeSmall();
    if (options.leftover === undefined) return;
    this.memory.bytes.set(options.leftover, this.#start);
    this.#end += options.leftover.length;
  }

  /** The size of the buffer in use, in bytes. */
  get capacity(): number {
    return this.#large === undefined ? SMALL_BUFFER : LARGE_BUFFER;
  }

  /** Whether the last read left no space: then more is likely to be there already. */
  get wasFilled(): boolean {
    return this.#wasFilled;
  }

  /** How many bytes are buffered and not yet taken. */
  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /**
   * Where to read the socket into: never empty once next() has returned `undefined`. Ends the validity
   * of every place in the messages taken so far, and moves what is left of a message to the front.
   */
  space(): Uint8Array {
    if (this.#needsLarge()) this.#large ??= this.#buffers.takeLarge();
    else this.#giveLarge();
    this.#moveTo(this.#large ?? this.#small);
    return this.memory.bytes.subarray(this.#end, this.#bufferEnd);
  }

  /** Tells that `lengthBytes` bytes were read into the last space(). */
  commit(lengthBytes: number): void {
    if (lengthBytes < 0 || lengthBytes > this.#bufferEnd - this.#end) {
      throw new RangeError(`Cannot commit ${lengthBytes} bytes: more than the space`);
    }
    this.#end += lengthBytes;
    this.#wasFilled = this.#end === this.#bufferEnd;
  }

  /**
   * The next whole message, or `undefined` until more was read. Its views and places are valid until the
   * next space(), the one object for all piece messages until the next next(). Limits hold as soon as the
   * length, and the id, are there: the body is not waited for.
   *
   * @throws {PeerError} "protocol", for what may not be sent; the framer is of no use afterwards
   */
  next(): Message | undefined {
    const { view } = this.memory;
    const available = this.#end - this.#start;
    if (available < LENGTH_PREFIX) return this.#await(LENGTH_PREFIX);
    const length = view.getUint32(this.#start);
    const from = this.#start + LENGTH_PREFIX;
    if (length === 0) {
      this.#start = from;
      return KEEP_ALIVE;
    }
    if (length > MAX_MESSAGE) refuse(`it announces ${length} bytes, more than ${MAX_MESSAGE}`);
    if (available === LENGTH_PREFIX) return this.#await(LENGTH_PREFIX + 1);
    const id = view.getUint8(from);
    if (available < LENGTH_PREFIX + length) {
      this.#check(id, length);
      return this.#await(LENGTH_PREFIX + length);
    }
    if (id === MESSAGE_ID.bitfield) this.#check(id, length);
    this.#start = this.#place.end = from + length;
    this.#place.start = from;
    return decodeMessage(view, this.#place);
  }

  /** Nothing will be read for a while: a large buffer is for others, unless a message needs it. */
  rest(): void {
    if (!this.#hasLong) this.#giveLarge();
  }

  /** Gives the buffers back: nothing may be read into them any more. Idempotent. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#large !== undefined) this.#buffers.giveLarge(this.#large);
    this.#large = undefined; // rest() may follow: it is somebody else's by then
    this.#buffers.giveSmall(this.#small);
  }

  get #bufferEnd(): number {
    return (this.#large ?? this.#small) + this.capacity;
  }

  #await(lengthBytes: number): undefined {
    this.#wanted = lengthBytes;
  }

  #check(id: number, lengthBytes: number): void {
    checkMessage(id, lengthBytes, this.#place);
    if (id !== MESSAGE_ID.bitfield || this.#bitfieldLength === undefined) return;
    if (lengthBytes === 1 + this.#bitfieldLength) return;
    refuse(`bitfield has ${lengthBytes - 1} bytes, not ${this.#bitfieldLength}`);
  }

  /** Whether what is at hand, or to come of it, is longer than a small buffer. */
  get #hasLong(): boolean {
    return Math.max(this.#wanted, this.bufferedBytes) > SMALL_BUFFER;
  }

  /**
   * A full read is worth one, if there is one. Only that: whoever waited with a large one for what does
   * not come would keep it from those for whom much has come.
   */
  #needsLarge(): boolean {
    if (this.#hasLong) return true;
    return this.#wasFilled && (this.#large !== undefined || this.#buffers.hasLarge);
  }

  #giveLarge(): void {
    if (this.#large === undefined) return;
    // What is left of a message must be out of it first.
    this.#moveTo(this.#small);
    this.#buffers.giveLarge(this.#large);
    this.#large = undefined;
  }

  #moveTo(front: number): void {
    if (this.#start === front) return;
    const length = this.#end - this.#start;
    if (length > 0) this.memory.copy(front, this.#start, length);
    this.#start = front;
    this.#end = front + length;
  }
}
