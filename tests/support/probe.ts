/** The smallest client: says and hears single messages, to see what a peer of tests/support really does. */
import type { PeerAddress } from "../../lib/base/address.ts";
import { makePeerId, type PeerId } from "../../lib/base/identity.ts";
import { Framer } from "../../lib/peers/framer.ts";
import { encodeHandshake, HANDSHAKE_LENGTH } from "../../lib/peers/handshake.ts";
import type { Message, PieceMessage } from "../../lib/peers/message.ts";
import { Outbox } from "../../lib/peers/outbox.ts";

/** One connection to a peer; whoever makes it disposes it. */
export class Probe implements Disposable {
  readonly peerId: PeerId = makePeerId();
  readonly outbox = new Outbox();
  readonly #connection: Deno.TcpConn;
  readonly #framer = new Framer({ hasFast: true });
  #state: "open" | "closed" = "open";

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(address: PeerAddress): Promise<Probe> {
    return new Probe(await Deno.connect({ hostname: address.host, port: address.port }));
  }

  /** Connects and shakes hands; the peer's 68 bytes come with it. */
  static async greet(
    address: PeerAddress,
    infoHash: Uint8Array,
  ): Promise<{ readonly probe: Probe; readonly handshake: Uint8Array }> {
    const probe = await Probe.connect(address);
    await probe.#write(encodeHandshake({ infoHash, peerId: probe.peerId }));
    return { probe, handshake: await probe.read(HANDSHAKE_LENGTH) };
  }

  /** Sends what is in the outbox. */
  async send(): Promise<void> {
    await this.#write(this.outbox.take());
  }

  /** So many bytes as they come, fewer only at the end. */
  async read(lengthBytes: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(lengthBytes);
    let length = 0;
    while (length < lengthBytes) {
      const read = await this.#connection.read(bytes.subarray(length));
      if (read === null) break;
      length += read;
    }
    return bytes.subarray(0, length);
  }

  /** The next message; `undefined` when the peer closed. Its views are valid until the one after it. */
  async next(): Promise<Message | undefined> {
    for (let message = this.#framer.next();; message = this.#framer.next()) {
      if (message !== undefined) return message;
      const read = await this.#connection.read(this.#framer.space());
      if (read === null) return undefined;
      this.#framer.commit(read);
    }
  }

  /** The block of the message that came last: a view, valid until the next one. */
  blockOf({ start, lengthBytes }: Readonly<PieceMessage>): Uint8Array {
    return this.#framer.memory.bytes.subarray(start, start + lengthBytes);
  }

  /** The kinds of the next messages. */
  async kinds(count: number): Promise<(string | undefined)[]> {
    const kinds: (string | undefined)[] = [];
    while (kinds.length < count) kinds.push((await this.next())?.kind);
    return kinds;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  [Symbol.dispose](): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#connection.close();
  }
}
