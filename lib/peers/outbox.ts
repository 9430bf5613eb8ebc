/**
 * Messages on their way out, encoded one after the other into one buffer (BEP 3, 10): a burst of
 * requests costs no allocation, and one write.
 *
 * @module
 */
import { LENGTH_PREFIX, MESSAGE_ID, PIECE_HEADER } from "./message.ts";

/** The size that buffers start with and shrink back to, in bytes. */
const MIN_BUFFER = 1024;

/** A longer buffer, in bytes, is let go of as soon as a quarter is enough; a shorter one after so many times. */
const LONG_BUFFER = 128 * 1024;
const MAX_SMALL_TAKES = 16;

/** Bytes, and the same for numbers. */
class Buffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }
}

/** What waits to be written to one connection. There are two buffers, so that a write in progress is not overwritten. */
export class Outbox {
  #buffer = new Buffer(MIN_BUFFER);
  #spare = new Buffer(MIN_BUFFER);
  #end = 0;
  #smallTakes = 0;

  /** How many bytes wait. */
  get pendingBytes(): number {
    return this.#end;
  }

  /**
   * Hands out everything that waits, to be written at once. The bytes are valid until the next take() or
   * written(): finish one write before that.
   */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#buffer;
    const lengthBytes = this.#end;
    this.#buffer = this.#spare;
    this.#spare = this.#isOversized(taken, lengthBytes) ? new Buffer(MIN_BUFFER) : taken;
    this.#end = 0;
    return taken.bytes.subarray(0, lengthBytes);
  }

  /** What was taken is written. Unless more has come since, its buffer is the next again: one of two stays small. */
  written(): void {
    if (this.#end === 0) [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
  }

  /** Adds the 68 bytes of encodeHandshake(). */
  handshake(bytes: Uint8Array): void {
    this.#put(bytes);
  }

  /** Adds a keep-alive. */
  keepAlive(): void {
    const at = this.#reserve(LENGTH_PREFIX);
    this.#buffer.view.setUint32(at, 0);
  }

  /** Adds a choke: what the peer asked for will not come. */
  choke(): void {
    this.#start(MESSAGE_ID.choke, 1);
  }

  /** Adds an unchoke. */
  unchoke(): void {
    this.#start(MESSAGE_ID.unchoke, 1);
  }

  /** Adds that we want what the peer has. */
  interested(): void {
    this.#start(MESSAGE_ID.interested, 1);
  }

  /** Adds that we want nothing of what the peer has. */
  notInterested(): void {
    this.#start(MESSAGE_ID.notInterested, 1);
  }

  /** Adds that we have a piece. */
  have(pieceIndex: number): void {
    const at = this.#start(MESSAGE_ID.have, 5);
    this.#buffer.view.setUint32(at, pieceIndex);
  }

  /** Adds which pieces we have: before all other messages but the extension handshake. */
  bitfield(bits: Uint8Array): void {
    this.#start(MESSAGE_ID.bitfield, 1);
    this.#append(bits, 1);
  }

  /** Adds that we have all pieces, instead of a bitfield (BEP 6). */
  haveAll(): void {
    this.#start(MESSAGE_ID.haveAll, 1);
  }

  /** Adds that we have no piece, instead of a bitfield (BEP 6). */
  haveNone(): void {
    this.#start(MESSAGE_ID.haveNone, 1);
  }

  /** Adds that a piece is best asked for next (BEP 6). */
  suggestPiece(pieceIndex: number): void {
    const at = this.#start(MESSAGE_ID.suggestPiece, 5);
    this.#buffer.view.setUint32(at, pieceIndex);
  }

  /** Adds that a piece may be asked for while we choke (BEP 6). */
  allowedFast(pieceIndex: number): void {
    const at = this.#start(MESSAGE_ID.allowedFast, 5);
    this.#buffer.view.setUint32(at, pieceIndex);
  }

  /** Adds that a request will not be answered (BEP 6). */
  rejectRequest(pieceIndex: number, begin: number, lengthBytes: number): void {
    this.#blockMessage(MESSAGE_ID.rejectRequest, { pieceIndex, begin, lengthBytes });
  }

  /** Adds a request of a block; `begin` and `lengthBytes` are in bytes. */
  request(pieceIndex: number, begin: number, lengthBytes: number): void {
    this.#blockMessage(MESSAGE_ID.request, { pieceIndex, begin, lengthBytes });
  }

  /** Adds that a requested block is no longer wanted. */
  cancel(pieceIndex: number, begin: number, lengthBytes: number): void {
    this.#blockMessage(MESSAGE_ID.cancel, { pieceIndex, begin, lengthBytes });
  }

  /** Adds a block, copied. */
  piece(pieceIndex: number, begin: number, block: Uint8Array): void {
    const at = this.#start(MESSAGE_ID.piece, PIECE_HEADER);
    this.#buffer.view.setUint32(at, pieceIndex);
    this.#buffer.view.setUint32(at + 4, begin);
    this.#append(block, PIECE_HEADER);
  }

  /** Adds a message of an extension (BEP 10): id 0 is its handshake, others are what the peer named. */
  extended(extensionId: number, payload: Uint8Array): void {
    const at = this.#start(MESSAGE_ID.extended, 2);
    this.#buffer.view.setUint8(at, extensionId);
    this.#append(payload, 2);
  }

  #blockMessage(
    id: number,
    block: { readonly pieceIndex: number; readonly begin: number; readonly lengthBytes: number },
  ): void {
    const at = this.#start(id, 13);
    this.#buffer.view.setUint32(at, block.pieceIndex);
    this.#buffer.view.setUint32(at + 4, block.begin);
    this.#buffer.view.setUint32(at + 8, block.lengthBytes);
  }

  /** Writes length and id of a message of `lengthBytes` bytes, and returns where the rest belongs. */
  #start(id: number, lengthBytes: number): number {
    const at = this.#reserve(LENGTH_PREFIX + lengthBytes);
    this.#buffer.view.setUint32(at, lengthBytes);
    this.#buffer.view.setUint8(at + LENGTH_PREFIX, id);
    return at + LENGTH_PREFIX + 1;
  }

  /** Adds bytes to the message just started, of which `startedBytes` bytes are there, and corrects its length. */
  #append(bytes: Uint8Array, startedBytes: number): void {
    const prefix = this.#end - startedBytes - LENGTH_PREFIX;
    this.#put(bytes);
    this.#buffer.view.setUint32(prefix, startedBytes + bytes.length);
  }

  #put(bytes: Uint8Array): void {
    // First the place, then the buffer: reserving may replace it.
    const at = this.#reserve(bytes.length);
    this.#buffer.bytes.set(bytes, at);
  }

  /** A buffer that one burst made big does not stay so for the life of the connection. */
  #isOversized({ bytes: { length } }: Buffer, usedBytes: number): boolean {
    this.#smallTakes = usedBytes * 4 < length ? this.#smallTakes + 1 : 0;
    if (length > LONG_BUFFER) return this.#smallTakes > 0;
    return length > MIN_BUFFER && this.#smallTakes > MAX_SMALL_TAKES;
  }

  #reserve(lengthBytes: number): number {
    const at = this.#end;
    this.#end += lengthBytes;
    if (this.#end > this.#buffer.bytes.length) this.#grow();
    return at;
  }

  #grow(): void {
    let capacity = this.#buffer.bytes.length;
    while (capacity < this.#end) capacity *= 2;
    const longer = new Buffer(capacity);
    longer.bytes.set(this.#buffer.bytes);
    this.#buffer = longer;
  }
}
