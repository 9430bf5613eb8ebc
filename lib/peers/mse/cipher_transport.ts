/**
 * A transport whose bytes are hidden from whoever looks at the connection.
 *
 * @module
 */
import type { PeerAddress } from "../../base/address.ts";
import { type Transport, writeAll } from "../transport.ts";
import type { Rc4 } from "./rc4.ts";

/** The most that is encrypted for one write, in bytes. */
const MAX_WRITE = 32 * 1024;

/** Encrypts what is written and decrypts what is read, over a transport that it owns. */
export class CipherTransport implements Transport {
  readonly remote: PeerAddress;
  readonly #inner: Transport;
  readonly #incoming: Rc4;
  readonly #outgoing: Rc4;
  /** What is being written, encrypted. */
  #buffer = new Uint8Array();

  /** @param ciphers the key streams, from our side */
  constructor(inner: Transport, ciphers: { readonly incoming: Rc4; readonly outgoing: Rc4 }) {
    this.remote = inner.remote;
    this.#inner = inner;
    this.#incoming = ciphers.incoming;
    this.#outgoing = ciphers.outgoing;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const lengthBytes = await this.#inner.read(into);
    if (lengthBytes !== null) this.#incoming.apply(into.subarray(0, lengthBytes));
    return lengthBytes;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    const lengthBytes = Math.min(bytes.length, MAX_WRITE);
    if (this.#buffer.length < lengthBytes) this.#buffer = new Uint8Array(lengthBytes);
    const encrypted = this.#buffer.subarray(0, lengthBytes);
    encrypted.set(bytes.subarray(0, lengthBytes));
    this.#outgoing.apply(encrypted);
    // All of it: what is encrypted cannot be encrypted again.
    await writeAll(this.#inner, encrypted);
    return lengthBytes;
  }

  [Symbol.dispose](): void {
    this.#inner[Symbol.dispose]();
  }
}
