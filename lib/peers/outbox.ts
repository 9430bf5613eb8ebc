/**
 * Messages on their way out, encoded one after the other into one buffer (BEP 3, 10): a burst of
 * requests costs no allocation, and one write.
 *
 * @module
 */
import { LENGTH_PREFIX, MESSAGE_ID, PIECE_HEADER } from "./message.ts";

/** The size that buffers start with and shrink back to, in bytes. */
const MIN_BUFFER = 1024;

/** What waits to be written to one connection. Two buffers take turns, so that a write in progress is not overwritten. */
export class Outbox {
  #bytes = new Uint8Array(MIN_BUFFER);
  #view = new DataView(this.#bytes.buffer);
  #spare = new Uint8Array(MIN_BUFFER);
  #spareView = new DataView(this.#spare.buffer);
  #end = 0;

  /** How many bytes wait. */
  get pendingBytes(): number {
    return this.#end;
  }

  /**
   * Hands out everything that waits, to be written at once. The bytes are valid until the next take():
   * finish one write before the next is taken.
   */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes;
    const takenView = this.#view;
    const length = this.#end;
    // A buffer that one burst made big does not stay so for the life of the connection.
    const isOversized = length * 4 < taken.length && taken.length > MIN_BUFFER;
    this.#bytes = this.#spare;
    this.#view = this.#spareView;
    this.#spare = isOversized ? new Uint8Array(MIN_BUFFER) : taken;
    this.#spareView = isOversized ? new DataView(this.#spare.buffer) : takenView;
    this.#end = 0;
    return taken.subarray(0, length);
  }

  /** Adds the 68 bytes of encodeHandshake(). */
  handshake(bytes: Uint8Array): void {
    this.#put(bytes);
  }

  /** Adds a keep-alive. */
  keepAlive(): void {
    const at = this.#reserve(LENGTH_PREFIX);
    this.#view.setUint32(at, 0);
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
    this.#view.setUint32(at, pieceIndex);
  }

  /** Adds which pieces we have: may only be the first message after the handshake. */
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
    this.#view.setUint32(at, pieceIndex);
  }

  /** Adds that a piece may be asked for while we choke (BEP 6). */
  allowedFast(pieceIndex: number): void {
    const at = this.#start(MESSAGE_ID.allowedFast, 5);
    this.#view.setUint32(at, pieceIndex);
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
    this.#view.setUint32(at, pieceIndex);
    this.#view.setUint32(at + 4, begin);
    this.#append(block, PIECE_HEADER);
  }

  /** Adds a message of an extension (BEP 10): id 0 is its handshake, others are what the peer named. */
  extended(extensionId: number, payload: Uint8Array): void {
    const at = this.#start(MESSAGE_ID.extended, 2);
    this.#view.setUint8(at, extensionId);
    this.#append(payload, 2);
  }

  #blockMessage(
    id: number,
    block: { readonly pieceIndex: number; readonly begin: number; readonly lengthBytes: number },
  ): void {
    const at = this.#start(id, 13);
    this.#view.setUint32(at, block.pieceIndex);
    this.#view.setUint32(at + 4, block.begin);
    this.#view.setUint32(at + 8, block.lengthBytes);
  }

  /** Writes length and id of a message of `lengthBytes` bytes, and returns where the rest belongs. */
  #start(id: number, lengthBytes: number): number {
    const at = this.#reserve(LENGTH_PREFIX + lengthBytes);
    this.#view.setUint32(at, lengthBytes);
    this.#view.setUint8(at + LENGTH_PREFIX, id);
    return at + LENGTH_PREFIX + 1;
  }

  /** Adds bytes to the message just started, of which `startedBytes` bytes are there, and corrects its length. */
  #append(bytes: Uint8Array, startedBytes: number): void {
    const prefix = this.#end - startedBytes - LENGTH_PREFIX;
    this.#put(bytes);
    this.#view.setUint32(prefix, startedBytes + bytes.length);
  }

  #put(bytes: Uint8Array): void {
    // First the place, then the buffer: reserving may replace it.
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  #reserve(lengthBytes: number): number {
    const at = this.#end;
    this.#end += lengthBytes;
    if (this.#end > this.#bytes.length) this.#grow();
    return at;
  }

  #grow(): void {
    let capacity = this.#bytes.length;
    while (capacity < this.#end) capacity *= 2;
    const bytes = new Uint8Array(capacity);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
