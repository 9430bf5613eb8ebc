/** A peer in memory whose bytes reach us one at a time, as a rule: a session over it, and what we say to it. */
import type { PeerAddress } from "../../lib/base/address.ts";
import { makePeerId } from "../../lib/base/identity.ts";
import { ExtensionRegistry } from "../../lib/peers/extension_registry.ts";
import { Framer } from "../../lib/peers/framer.ts";
import type { Handshake } from "../../lib/peers/handshake.ts";
import type { Message } from "../../lib/peers/message.ts";
import { Outbox } from "../../lib/peers/outbox.ts";
import type { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import { type Haves, type Role, Session } from "../../lib/peers/session.ts";
import type { Transport } from "../../lib/peers/transport.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { Wire } from "../../lib/peers/wire.ts";

/** What a peer of no extensions says first. */
export function makeHandshake(): Handshake {
  return {
    infoHash: new Uint8Array(20),
    peerId: makePeerId(),
    reserved: new Uint8Array(8),
    supportsExtensions: false,
    supportsFast: false,
    supportsDht: false,
  };
}

/** What a peer is made from. */
export interface FakePeerOptions {
  /** In bytes. */
  readonly bitfieldLength: number;
  readonly nowMs: number;
  /** What we read it into: of the ledger's memory. */
  readonly buffers: ReadBuffers;
  /** Whether it offers the fast extension (BEP 6). @default false */
  readonly hasFast?: boolean;
  /** What we say that we have. @default nothing */
  readonly haves?: Haves;
  /** Where it is, as we see it. @default 10.0.0.1:6881 */
  readonly remote?: PeerAddress;
  /** Whether it dialled us. @default false */
  readonly isIncoming?: boolean;
  /** How many of its bytes reach us at a time. @default 1 */
  readonly portionBytes?: number;
  /** What is waited for before it is read again. */
  readonly relief?: () => Promise<void> | undefined;
}

/** Both ends of a connection, the other one played by the test. */
export class FakePeer implements Transport {
  readonly remote: PeerAddress;
  /** Whether a limit keeps us from reading. */
  isHeldUp = false;
  /** Where the test writes what the peer says; send() sends it. */
  readonly says = new Outbox();
  readonly session: Session;
  /** How the session ended. */
  readonly ended: Promise<unknown>;
  /** The payloads of the extended messages that we have sent. */
  readonly payloads: Uint8Array[] = [];
  readonly #heard: Framer;
  readonly #texts: string[] = [];
  readonly #portionBytes: number;
  #coming = new Uint8Array();
  #nowMs: number;
  #state: "open" | "closed" = "open";
  #wake: () => void = () => {};
  #drained: () => void = () => {};

  constructor(
    role: Role,
    { bitfieldLength, nowMs, buffers, hasFast = false, ...options }: FakePeerOptions,
  ) {
    this.#nowMs = nowMs;
    this.#portionBytes = options.portionBytes ?? 1;
    this.#heard = new Framer({ hasFast });
    const handshake = { ...makeHandshake(), supportsFast: hasFast };
    this.remote = options.remote ?? { host: "10.0.0.1", port: 6881 };
    const { isIncoming = false } = options;
    const start = { leftover: new Uint8Array(), isIncoming };
    const wire = new Wire(this, { handshake, bitfieldLength, buffers, ...start });
    this.session = new Session(wire, {
      roles: [role],
      extensions: new ExtensionRegistry([role]),
      introduction: { reqq: 500, client: "test" },
      haves: { bits: new Uint8Array(), extent: "none" },
      now: () => this.#nowMs,
      ...options,
    });
    this.ended = this.session.run().catch((error: unknown) => error);
  }

  /** Moves our clock on. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    this.session.tick(nowMs);
  }

  /** Sends what was written to `says`; resolves once all of it was read and acted on, or the session ended. */
  async send(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    this.#coming = this.says.take().slice();
    this.#wake();
    await Promise.race([promise, this.ended]);
  }

  /** What we have said since the last call: each message's kind, with the block where it names one. */
  heard(): string[] {
    return this.#texts.splice(0);
  }

  #hear(): void {
    for (let message = this.#heard.next(); message; message = this.#heard.next()) {
      this.#texts.push(message.kind + placeOf(message));
      if (message.kind === "extended") this.payloads.push(message.payload.slice());
    }
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#coming.length === 0) {
      if (this.#state === "closed") return null;
      this.#drained();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    const portion = this.#coming.subarray(0, Math.min(this.#portionBytes, into.length));
    into.set(portion);
    this.#coming = this.#coming.subarray(portion.length);
    return portion.length;
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    for (let at = 0; at < bytes.length;) {
      const space = this.#heard.space();
      const part = bytes.subarray(at, at + space.length);
      space.set(part);
      this.#heard.commit(part.length);
      this.#hear();
      at += part.length;
    }
    return Promise.resolve(bytes.length);
  }

  [Symbol.dispose](): void {
    this.#state = "closed";
    this.#wake();
    this.#drained();
  }
}

/** Which block a message names, where it names one. */
function placeOf(message: Message): string {
  switch (message.kind) {
    case "request":
    case "cancel":
    case "piece":
    case "rejectRequest":
      return ` ${message.pieceIndex}:${message.begin / BLOCK_LENGTH}`;
    case "have":
    case "allowedFast":
      return ` ${message.pieceIndex}`;
    default:
      return "";
  }
}
