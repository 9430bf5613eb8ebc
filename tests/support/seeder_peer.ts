/** One connection of a Seeder: reads, answers, and keeps a record. Honest unless its behaviour says otherwise. */
import { hasBit } from "../../lib/base/bits.ts";
import { delay } from "../../lib/base/async.ts";
import { PeerError } from "../../lib/base/errors.ts";
import { decodeExtensionHandshake, EXTENSION_HANDSHAKE_ID } from "../../lib/peers/extension.ts";
import { Framer } from "../../lib/peers/framer.ts";
import {
  decodeHandshake,
  encodeHandshake,
  type Handshake,
  HANDSHAKE_LENGTH,
} from "../../lib/peers/handshake.ts";
import type { BlockRequest, Message } from "../../lib/peers/message.ts";
import { openAccepted, openDialled } from "../../lib/peers/opening.ts";
import { Outbox } from "../../lib/peers/outbox.ts";
import { type Opening, overDeno, type Transport } from "../../lib/peers/transport.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import type { Behaviour, Seeder } from "./seeder.ts";

/** More requests than any client may keep waiting here. */
const MAX_QUEUE = 4000;
/** How far a paced block may be ahead of its time. */
const MAX_AHEAD_MS = 5;

/** One connection, as a behaviour sees it. */
export class SeederPeer {
  readonly seeder: Seeder;
  readonly connection: Deno.TcpConn;
  /** Ends with the connection or the seeder. */
  readonly signal: AbortSignal;
  /** What is to be sent; wake() sends it. */
  readonly outbox = new Outbox();
  /** Requests not answered yet. */
  queue: BlockRequest[] = [];
  /** Payload sent on this connection, in bytes. */
  servedBytes = 0;
  /** The client's handshake, once it came. */
  theirs: Handshake | undefined;
  readonly #end = new AbortController();
  readonly #behaviour: Behaviour;
  /** The connection, or what encrypts it. */
  #transport: Transport;
  #wakeUp = Promise.withResolvers<void>();
  /** When the last paced block is due, on the clock of performance.now(). */
  #dueMs = 0;

  constructor(seeder: Seeder, connection: Deno.TcpConn, behaviour: Behaviour) {
    this.seeder = seeder;
    this.connection = connection;
    this.signal = this.#end.signal;
    this.#behaviour = behaviour;
    this.#transport = overDeno(connection);
  }

  /** Ends the connection, at once. Idempotent. */
  close(): void {
    if (this.signal.aborted) return;
    this.#end.abort();
    this.#wakeUp.resolve();
    this.connection.close();
  }

  /** Speaks until either side ends. */
  async run(options: { readonly isDialled: boolean }): Promise<void> {
    if (this.#behaviour.converse !== undefined) return await this.#behaviour.converse(this);
    const received = await this.#open(options);
    const leftover = await this.#readHandshake(received);
    if (leftover === undefined) return;
    if (!options.isDialled) await this.write(new Uint8Array(this.handshakeBytes()));
    if (this.#behaviour.greet !== undefined) this.#behaviour.greet(this);
    else this.greet();
    const writing = this.#writeAll();
    try {
      await this.#readAll(leftover);
    } finally {
      this.close();
      await writing;
    }
  }

  /** Adds what an honest peer says after the handshake. */
  greet(): void {
    if (this.theirs?.supportsExtensions) {
      this.outbox.extended(EXTENSION_HANDSHAKE_ID, this.seeder.extensionHandshake);
    }
    this.outbox.bitfield(this.seeder.bitfield);
  }

  /** Lets the writer see what is in the outbox or the queue. */
  wake(): void {
    this.#wakeUp.resolve();
  }

  /** Writes all of `bytes` past the outbox. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#transport.write(bytes.subarray(at));
  }

  /** Reads and forgets until the client closes. */
  async drain(): Promise<void> {
    const bytes = new Uint8Array(64 * 1024);
    while (await this.connection.read(bytes) !== null);
  }

  /** The handshake to send: the behaviour's, or an honest one. */
  handshakeBytes(): Uint8Array {
    const { peerId, metainfo } = this.seeder;
    const honest = encodeHandshake({ infoHash: metainfo.infoHash, peerId });
    return this.#behaviour.handshake?.(honest, this) ?? honest;
  }

  /** Plain or encrypted, as the seeder would have it. @returns what was read already */
  async #open({ isDialled }: { readonly isDialled: boolean }): Promise<Uint8Array> {
    const { encryption, metainfo: { infoHash } } = this.seeder;
    const manner = encryption === "require" ? "encrypted" : "plain";
    const options = { encryption, infoHash, manner } as const;
    const opening: Opening = isDialled
      ? await openDialled(this.#transport, new Uint8Array(this.handshakeBytes()), options)
      : await openAccepted(this.#transport, options);
    this.#transport = opening.transport;
    return opening.received;
  }

  /** Reads the client's handshake; what was read beyond it, or `undefined` when the client left. */
  async #readHandshake(received: Uint8Array): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(4096);
    bytes.set(received);
    let { length } = received;
    while (length < HANDSHAKE_LENGTH) {
      const read = await this.#transport.read(bytes.subarray(length));
      if (read === null) return undefined;
      length += read;
    }
    this.theirs = decodeHandshake(bytes.subarray(0, HANDSHAKE_LENGTH));
    this.seeder.count("handshakes");
    return bytes.subarray(HANDSHAKE_LENGTH, length);
  }

  async #readAll(leftover: Uint8Array): Promise<void> {
    const framer = new Framer({
      bitfieldLength: this.seeder.bitfield.length,
      leftover,
      hasFast: this.theirs?.supportsFast ?? false,
    });
    while (true) {
      for (let message = framer.next(); message !== undefined; message = framer.next()) {
        this.#receive(message);
      }
      this.wake();
      const read = await this.#transport.read(framer.space());
      if (read === null) return;
      framer.commit(read);
    }
  }

  #heed({ extensionId, payload }: Message & { readonly kind: "extended" }): void {
    if (extensionId !== EXTENSION_HANDSHAKE_ID) return;
    const said = decodeExtensionHandshake(payload);
    if (said !== undefined) this.#behaviour.onExtensions?.(this, said);
  }

  #receive(message: Message): void {
    this.seeder.log(message);
    switch (message.kind) {
      case "interested":
        if (this.#behaviour.onInterested !== undefined) this.#behaviour.onInterested(this);
        else this.outbox.unchoke();
        return;
      case "extended":
        return this.#heed(message);
      case "request":
        return this.#enqueue(message);
      case "cancel":
        this.queue = this.queue.filter((request) => !isSameBlock(request, message));
        this.seeder.count("cancels");
        return;
      default:
    }
  }

  #enqueue(request: BlockRequest): void {
    const { pieceIndex, begin, lengthBytes } = request;
    const { geometry } = this.seeder.metainfo;
    const isValid = hasBit(this.seeder.bitfield, pieceIndex) && lengthBytes > 0 &&
      lengthBytes <= BLOCK_LENGTH && begin + lengthBytes <= geometry.pieceLength(pieceIndex);
    if (!isValid) {
      const what = `${pieceIndex} ${begin} ${lengthBytes}`;
      throw new PeerError(`Cannot serve request: ${what} is not to be had`, "protocol");
    }
    if (this.queue.length >= MAX_QUEUE) throw new PeerError("Too many requests", "protocol");
    this.queue.push(request);
    this.seeder.countRequest(this.queue.length);
  }

  /** Answers requests and writes, one at a time, as long as the connection lasts. */
  async #writeAll(): Promise<void> {
    try {
      while (!this.signal.aborted) {
        const request = this.queue.shift();
        if (request !== undefined) await this.#answer(request);
        if (this.outbox.pendingBytes > 0) await this.write(this.outbox.take());
        if (this.queue.length > 0) continue;
        await this.#wakeUp.promise;
        this.#wakeUp = Promise.withResolvers();
      }
    } catch (error) {
      this.close(); // ends the reading, too
      this.seeder.ended(error);
    }
  }

  async #answer(request: BlockRequest): Promise<void> {
    const { content, metainfo, bytesPerSecond } = this.seeder;
    const offset = metainfo.geometry.pieceOffset(request.pieceIndex) + request.begin;
    const block = content.subarray(offset, offset + request.lengthBytes);
    if (bytesPerSecond !== undefined) await this.#pace(block.length / bytesPerSecond * 1000);
    if (this.#behaviour.answer !== undefined) this.#behaviour.answer(this, request, block);
    else this.serve(request, block);
  }

  /** Waits until a block that takes `costMs` milliseconds is due; timers are too coarse for each by itself. */
  async #pace(costMs: number): Promise<void> {
    const now = performance.now();
    this.#dueMs = Math.max(this.#dueMs, now) + costMs;
    const delayMs = this.#dueMs - now;
    if (delayMs > MAX_AHEAD_MS) await delay(delayMs, { signal: this.signal });
  }

  /** Adds a block to the outbox and counts it. */
  serve(request: Pick<BlockRequest, "pieceIndex" | "begin">, block: Uint8Array): void {
    this.outbox.piece(request.pieceIndex, request.begin, block);
    this.servedBytes += block.length;
    this.seeder.count("servedBytes", block.length);
  }
}

function isSameBlock(one: BlockRequest, other: BlockRequest): boolean {
  return one.pieceIndex === other.pieceIndex && one.begin === other.begin &&
    one.lengthBytes === other.lengthBytes;
}
