/**
 * What a handshake reads: so many bytes at a time, or all up to a mark, whatever the portions in which
 * they come.
 *
 * @module
 */
import { PeerError } from "../../base/errors.ts";
import type { Transport } from "../transport.ts";

/** What is read at once, in bytes, unless more is asked for: many who begin this are not worth more. */
const USUAL_BYTES = 1024;

/** A transport's incoming bytes, of which no more is kept than was asked for at once. */
export class Inlet {
  readonly #transport: Transport;
  #buffer: Uint8Array;
  #start = 0;
  #end: number;

  /** @param received what was read from the transport before; it is owned from now on */
  constructor(transport: Transport, received: Uint8Array) {
    this.#transport = transport;
    this.#buffer = received;
    this.#end = received.length;
  }

  /**
   * The next `lengthBytes` bytes, once they are there: they may be changed, and are valid until the next
   * call.
   *
   * @throws {PeerError} "closed", when the peer ends before
   */
  async take(lengthBytes: number): Promise<Uint8Array> {
    while (this.#end - this.#start < lengthBytes) await this.#read(lengthBytes);
    this.#start += lengthBytes;
    return this.#buffer.subarray(this.#start - lengthBytes, this.#start);
  }

  /**
   * Goes behind the first place where `mark` stands.
   *
   * @param limitBytes how many bytes at most may come before it
   * @throws {PeerError} "handshake", when it is not there; "closed", when the peer ends before
   */
  async seek(mark: Uint8Array, limitBytes: number): Promise<void> {
    for (let skipped = 0; skipped <= limitBytes; skipped++) {
      const found = await this.take(mark.length);
      if (mark.every((byte, index) => byte === found[index])) return;
      this.#start -= mark.length - 1;
    }
    throw new PeerError(
      `Cannot agree on encryption: the peer's answer is not within ${limitBytes} bytes`,
      "handshake",
    );
  }

  /** What was read beyond that which was taken; may be changed. */
  get rest(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  async #read(wantedBytes: number): Promise<void> {
    const { rest } = this;
    const capacity = Math.max(USUAL_BYTES, wantedBytes);
    if (this.#buffer.length < capacity) this.#buffer = new Uint8Array(capacity);
    this.#buffer.set(rest);
    this.#end = rest.length;
    this.#start = 0;
    const lengthBytes = await this.#transport.read(this.#buffer.subarray(this.#end));
    if (lengthBytes === null) throw new PeerError("Peer closed before its handshake", "closed");
    this.#end += lengthBytes;
  }
}
