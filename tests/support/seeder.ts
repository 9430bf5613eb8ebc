/**
 * A peer in this process that has everything and serves it: honest, or as a behaviour has it (see
 * villains.ts). It shares the codecs with the engine, nothing else.
 */
import { canonicalHost, type PeerAddress } from "../../lib/base/address.ts";
import { PeerError } from "../../lib/base/errors.ts";
import { type PeerId, toPeerId } from "../../lib/base/identity.ts";
import { emptyBits, setBit } from "../../lib/base/bits.ts";
import type { Encryption } from "../../lib/peers/encryption.ts";
import { encodeExtensionHandshake, type ExtensionHandshake } from "../../lib/peers/extension.ts";
import type { BlockRequest, Message } from "../../lib/peers/message.ts";
import type { Metainfo } from "../../lib/torrent/metainfo.ts";
import { SeederPeer } from "./seeder_peer.ts";

const MAX_LOG = 1000;

/** What a peer does otherwise than an honest one. */
export interface Behaviour {
  /** Replaces the whole conversation; the connection ends with it. */
  readonly converse?: (peer: SeederPeer) => Promise<void>;
  /** Replaces the handshake. */
  readonly handshake?: (honest: Uint8Array, peer: SeederPeer) => Uint8Array;
  /** Replaces what follows the handshake: extension handshake and bitfield. */
  readonly greet?: (peer: SeederPeer) => void;
  /** Replaces the unchoke that answers the client's interest. */
  readonly onInterested?: (peer: SeederPeer) => void;
  /** Told what the client's extension handshake says. */
  readonly onExtensions?: (peer: SeederPeer, said: ExtensionHandshake) => void;
  /** Replaces the answer to a request; `block` is the right one. */
  readonly answer?: (peer: SeederPeer, request: BlockRequest, block: Uint8Array) => void;
}

/** What to serve, and how. */
export interface SeederOptions {
  readonly metainfo: Metainfo;
  readonly content: Uint8Array;
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  /** Default 0: any. */
  readonly port?: number;
  /** Of each connection; without it as fast as it goes. */
  readonly bytesPerSecond?: number;
  readonly behaviour?: Behaviour;
  /** The pieces it has and serves; default all. */
  readonly pieces?: readonly number[];
  /** How many requests it says to keep waiting (BEP 10). */
  readonly reqq?: number;
  readonly peerId?: PeerId;
  /** Which connections it encrypts; default "off". */
  readonly encryption?: Encryption;
}

/** What happened so far, over all connections. */
export interface SeederCounters {
  readonly connections: number;
  /** Connections that have not ended. */
  readonly open: number;
  readonly handshakes: number;
  /** Messages received, of any kind. */
  readonly messages: number;
  readonly requests: number;
  readonly cancels: number;
  /** Payload put out, in bytes. */
  readonly servedBytes: number;
  /** The longest queue of requests of one connection. */
  readonly maxQueue: number;
}

type Writable<T> = { -readonly [key in keyof T]: T[key] };

/** Listens as soon as it is made; whoever makes it disposes it. */
export class Seeder implements AsyncDisposable {
  readonly metainfo: Metainfo;
  readonly content: Uint8Array;
  readonly bytesPerSecond: number | undefined;
  readonly encryption: Encryption;
  /** What it has, a bit per piece. */
  readonly bitfield: Uint8Array<ArrayBuffer>;
  readonly peerId: PeerId;
  readonly extensionHandshake: Uint8Array;
  readonly address: PeerAddress;
  /** The last messages received, such as `request 0 16384 16384`. */
  readonly messages: string[] = [];
  /** Where the last connections came from. */
  readonly remotes: PeerAddress[] = [];
  /** How the last connections ended that did not just end: what the client did wrong, or the behaviour itself. */
  readonly errors: Error[] = [];
  readonly #counters: Writable<SeederCounters> = {
    connections: 0,
    open: 0,
    handshakes: 0,
    messages: 0,
    requests: 0,
    cancels: 0,
    servedBytes: 0,
    maxQueue: 0,
  };
  readonly #behaviour: Behaviour;
  readonly #listener: Deno.TcpListener;
  readonly #peers = new Map<SeederPeer, Promise<void>>();
  readonly #accepting: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #state: "open" | "disposed" = "open";

  constructor(options: SeederOptions) {
    const { metainfo, content, hostname = "127.0.0.1", port = 0 } = options;
    const pieceCount = metainfo.geometry.pieceCount;
    this.metainfo = metainfo;
    this.content = content;
    this.bytesPerSecond = options.bytesPerSecond;
    this.encryption = options.encryption ?? "off";
    this.bitfield = emptyBits(pieceCount);
    for (const index of options.pieces ?? Array(pieceCount).keys()) setBit(this.bitfield, index);
    this.peerId = options.peerId ?? makeSeederId();
    const client = "honest seeder";
    this.extensionHandshake = encodeExtensionHandshake({ reqq: options.reqq ?? 250, client });
    this.#behaviour = options.behaviour ?? {};
    this.#listener = Deno.listen({ hostname, port });
    this.address = { host: hostname, port: this.#listener.addr.port };
    this.#accepting = this.#accept();
  }

  get counters(): SeederCounters {
    return this.#counters;
  }

  /** Resolves once `isReached` holds; looks again whenever something happened. */
  async until(isReached: (counters: SeederCounters) => boolean): Promise<void> {
    while (!isReached(this.#counters)) {
      if (this.#state === "disposed") throw new Error("Cannot wait: the seeder was disposed");
      await this.#changed.promise;
    }
  }

  /** Calls a client instead of being called. */
  async dial(address: PeerAddress): Promise<void> {
    const connection = await Deno.connect({ hostname: address.host, port: address.port });
    this.#start(connection, { isDialled: true });
  }

  /** Ends the connections there are, and goes on listening. */
  disconnect(): void {
    for (const peer of this.#peers.keys()) peer.close();
  }

  /** For its connections: something happened. */
  count(what: Exclude<keyof SeederCounters, "maxQueue">, amount = 1): void {
    this.#counters[what] += amount;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** For its connections: a request came, after which so many wait. */
  countRequest(queueLength: number): void {
    this.#counters.maxQueue = Math.max(this.#counters.maxQueue, queueLength);
    this.count("requests");
  }

  /** For its connections: a message came. */
  log(message: Message): void {
    const numbers = Object.values(message).filter((value) => typeof value === "number");
    keep(this.messages, [message.kind, ...numbers].join(" "));
    this.count("messages");
  }

  /** For its connections: one ended by an error. */
  ended(error: unknown): void {
    if (!isOrdinaryEnd(error)) {
      keep(this.errors, error instanceof Error ? error : new Error(`${error}`));
    }
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) this.#start(connection, { isDialled: false });
  }

  #start(connection: Deno.TcpConn, options: { readonly isDialled: boolean }): void {
    connection.setNoDelay();
    const { hostname, port } = connection.remoteAddr;
    keep(this.remotes, { host: canonicalHost(hostname), port });
    const peer = new SeederPeer(this, connection, this.#behaviour);
    this.#peers.set(peer, this.#run(peer, options));
    this.#counters.connections++;
    this.count("open");
  }

  async #run(peer: SeederPeer, options: { readonly isDialled: boolean }): Promise<void> {
    try {
      await peer.run(options);
    } catch (error) {
      this.ended(error);
    } finally {
      peer.close();
      this.#peers.delete(peer);
      this.count("open", -1);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "disposed") return;
    this.#state = "disposed";
    this.#listener.close();
    this.disconnect();
    await this.#accepting;
    await Promise.all(this.#peers.values());
    this.#changed.resolve();
  }
}

/** Starts to serve a torrent. */
export function startSeeder(options: SeederOptions): Promise<Seeder> {
  return Promise.resolve(new Seeder(options));
}

function makeSeederId(): PeerId {
  const id = crypto.getRandomValues(new Uint8Array(20));
  new TextEncoder().encodeInto("-HS0100-", id);
  return toPeerId(id);
}

/** A client may go at any time, and so may we. What a client did wrong is a PeerError. */
function isOrdinaryEnd(error: unknown): boolean {
  if (error instanceof PeerError) return error.reason === "closed";
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    (error instanceof DOMException && error.name === "AbortError");
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > MAX_LOG) list.shift();
}
