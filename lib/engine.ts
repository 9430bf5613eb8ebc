/**
 * What the stages of one download share, made and ended in one place: the swarm, the trackers, the
 * downloaders, the counters. download.ts strings the stages together.
 *
 * @module
 */
import { formatAddress, type PeerAddress } from "./base/address.ts";
import { GaveUpError, PeerError } from "./base/errors.ts";
import { makePeerId, type PeerId, USER_AGENT } from "./base/identity.ts";
import { UdpSocket } from "./base/udp_socket.ts";
import { Downloads } from "./blocks/request.ts";
import type { DownloadEvent } from "./events.ts";
import type { Ledger, SourceId } from "./ledger.ts";
import { budgetMemoryBytes } from "./ledger/budget.ts";
import { Meter } from "./meter.ts";
import { BanList } from "./peers/ban_list.ts";
import type { ConnectOptions } from "./peers/connect.ts";
import type { Encryption } from "./peers/encryption.ts";
import { listen } from "./peers/listen.ts";
import { PeerBook } from "./peers/peer_book.ts";
import { Swarm } from "./peers/swarm.ts";
import type { RateLimits } from "./peers/throttle.ts";
import { readBufferBytes, ReadBuffers } from "./peers/read_buffers.ts";
import type { SettleOptions } from "./pieces/settle.ts";
import type { Store } from "./storage/store.ts";
import type { Metainfo } from "./torrent/metainfo.ts";
import { Announcer } from "./tracker/announce.ts";

/** How many peers to be connected to at most, where nobody says. */
const DEFAULT_MAX_PEERS = 200;

/** Requests that we say we queue for a peer (BEP 10). */
const OWN_REQQ = 500;

/** With fewer peers than this, trackers are asked for more as soon as they allow. */
const FEW_PEERS = 10;

/** What an engine is made from. */
export interface EngineOptions {
  readonly metainfo: Metainfo;
  readonly ledger: Ledger;
  readonly store: Store;
  readonly report: (event: DownloadEvent) => void;
  readonly peers?: readonly PeerAddress[];
  readonly port?: number;
  readonly bind?: string;
  readonly maxPeers?: number;
  readonly timeoutMs?: number;
  readonly encryption?: Encryption;
  readonly limits?: RateLimits;
  readonly signal: AbortSignal;
}

/** The memory that one download can come to take for what it reads and holds, in bytes. */
export function engineMemoryBytes(
  { geometry }: Metainfo,
  { maxPeers = DEFAULT_MAX_PEERS }: { readonly maxPeers?: number },
): number {
  return budgetMemoryBytes(geometry) + readBufferBytes(maxPeers);
}

/** Everything that runs besides the pipeline. Disposing it says goodbye to peers and trackers. */
export class Engine implements AsyncDisposable {
  readonly swarm: Swarm;
  readonly announcer: Announcer;
  readonly downloads: Downloads;
  readonly meter: Meter;
  /** Aborts when the download does, when it gives up, and when the engine is disposed. */
  readonly signal: AbortSignal;
  readonly #options: EngineOptions;
  readonly #ending = new AbortController();
  readonly #peerId: PeerId = makePeerId();
  readonly #book = new PeerBook();
  readonly #bans = new BanList();
  readonly #liars = new Set<SourceId>();
  readonly #listener: Deno.TcpListener;
  readonly #udp: UdpSocket;

  /** @throws when the port that was asked for cannot be listened on */
  constructor(options: EngineOptions) {
    const { metainfo, ledger, report, bind, maxPeers = DEFAULT_MAX_PEERS } = options;
    this.#options = options;
    this.signal = AbortSignal.any([options.signal, this.#ending.signal]);
    this.meter = new Meter(ledger);
    const bytesPerSecond = options.limits?.down;
    this.downloads = new Downloads({ ledger, count: this.meter.count, bytesPerSecond });
    this.#listener = listen({ port: options.port, bind });
    const { hostname, port } = this.#listener.addr;
    this.#udp = new UdpSocket({ bind });
    this.announcer = new Announcer({
      trackers: metainfo.trackers,
      isPrivate: metainfo.isPrivate,
      infoHash: metainfo.infoHash,
      peerId: this.#peerId,
      port,
      bind,
      udp: this.#udp,
      signal: this.signal,
      report,
      stats: () => this.meter.transferred,
      switched: () => this.#leavePeers(),
    });
    this.swarm = new Swarm({
      peerId: this.#peerId,
      maxPeers,
      buffers: new ReadBuffers(ledger.budget.memory),
      relief: () => ledger.budget.relief,
      roles: [this.downloads],
      introduction: { reqq: OWN_REQQ, client: USER_AGENT, port },
      book: this.#book,
      bans: this.#bans,
      bitfield: () => ledger.verifiedCount > 0 ? ledger.verified : undefined,
      report,
      onFailure: (error) => this.downloads.runs.fail(error),
      onTick: (nowMs) => this.#tick(nowMs),
    });
    report({ kind: "listening", host: hostname, port });
  }

  /** The peers that the user named, then those that trackers name. */
  async *addresses(): AsyncGenerator<readonly PeerAddress[], void, undefined> {
    yield this.#options.peers ?? [];
    yield* this.announcer.addresses();
  }

  /** What the stage connect() needs of all this. */
  get connecting(): ConnectOptions {
    const { metainfo, ledger, report, bind, encryption = "allow", limits } = this.#options;
    return {
      infoHash: metainfo.infoHash,
      peerId: this.#peerId,
      bitfieldLength: ledger.verified.length,
      book: this.#book,
      gate: this.swarm,
      listener: this.#listener,
      encryption,
      limits,
      ...(bind === undefined ? {} : { bind }),
      signal: this.signal,
      onFailure: (address, { message }) => {
        report({ kind: "peer", status: "failed", address: formatAddress(address), message });
      },
    };
  }

  /** What the stage settlePieces() needs of all this. */
  get settling(): SettleOptions {
    const { ledger, store, report } = this.#options;
    return {
      ledger,
      store,
      onGuilty: (sources) => sources.forEach((source) => this.#ban(source)),
      onCorrupt: (piece) => {
        this.meter.wastePiece(piece);
        const peers = [...piece.contributors()].map((source) => this.#addressOf(source));
        report({ kind: "corrupt", pieceIndex: piece.pieceIndex, peers });
      },
    };
  }

  /** Whether the source was caught sending wrong blocks. */
  isLiar(source: SourceId): boolean {
    return this.#liars.has(source);
  }

  /** Closes the peer and never talks to it again. */
  #ban(source: SourceId): void {
    const wire = this.downloads.sessionOf(source)?.wire;
    // Whoever lied in several pieces is found out once for each.
    if (wire === undefined || this.#liars.has(source)) return;
    this.#liars.add(source);
    const { remote, isIncoming, handshake: { peerId } } = wire;
    this.#bans.ban({ ...remote, peerId, incoming: isIncoming });
    wire.close(new PeerError("Peer sent corrupt blocks", "corrupt"));
    // A connection that had ended before leaves its address settled: settle it again, for good.
    if (!isIncoming) this.#book.settle(remote, "never", 0);
    this.#options.report({ kind: "peer", status: "banned", address: formatAddress(remote) });
  }

  #addressOf(source: SourceId): string {
    const wire = this.downloads.sessionOf(source)?.wire;
    return wire === undefined ? "" : formatAddress(wire.remote);
  }

  /** A private torrent has changed its tracker: the peers of the other are its own (BEP 27). */
  #leavePeers(): void {
    this.#book.forget();
    this.swarm.closeAll(new PeerError("The tracker that named this peer was left", "surplus"));
  }

  #tick(nowMs: number): void {
    this.downloads.changed();
    const { report, timeoutMs } = this.#options;
    const progress = this.meter.tick(nowMs, this.swarm.size);
    if (progress !== undefined) report(progress);
    if (this.swarm.size < FEW_PEERS) this.announcer.starve();
    else this.announcer.satisfy();
    if (timeoutMs === undefined || this.meter.idleMs < timeoutMs) return;
    this.#ending.abort(new GaveUpError(`Nothing new arrived for ${timeoutMs / 1000} s`));
  }

  /** Closes every connection and takes no more: nothing changes the ledger from then on. */
  async hangUp(): Promise<void> {
    this.#ending.abort(new DOMException("The download has ended", "AbortError"));
    this.#listener[Symbol.dispose]();
    await this.swarm[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.hangUp(), this.announcer[Symbol.asyncDispose]()]);
    await this.#udp[Symbol.asyncDispose]();
  }
}
