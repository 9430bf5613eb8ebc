/**
 * What the stages of one download share, made and ended in one place: the swarm, the trackers, the
 * downloaders, the counters. download.ts strings the stages together.
 *
 * @module
 */
import { formatAddress, type PeerAddress } from "./base/address.ts";
import { GaveUpError, PeerError } from "./base/errors.ts";
import { makePeerId, type PeerId, USER_AGENT } from "./base/identity.ts";
import { isPrivateHost, isThisMachine } from "./base/host.ts";
import { UdpSocket } from "./base/udp_socket.ts";
import { Downloads } from "./blocks/request.ts";
import { Pex } from "./discovery/pex.ts";
import type { DownloadEvent } from "./events.ts";
import type { Ledger, SourceId } from "./ledger.ts";
import { budgetMemoryBytes } from "./ledger/budget.ts";
import { Meter } from "./meter.ts";
import { BanList } from "./peers/ban_list.ts";
import type { ConnectOptions } from "./peers/connect.ts";
import type { Encryption } from "./peers/encryption.ts";
import { ExternalAddress } from "./peers/external_address.ts";
import { listen } from "./peers/listen.ts";
import { PeerBook } from "./peers/peer_book.ts";
import { peerPriority } from "./peers/priority.ts";
import type { Introduction } from "./peers/session.ts";
import { Swarm } from "./peers/swarm.ts";
import type { RateLimits } from "./peers/throttle.ts";
import { readBufferBytes, ReadBuffers } from "./peers/read_buffers.ts";
import type { KeepMappedOptions } from "./reach/port_mapping.ts";
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
  readonly usePex?: boolean;
  readonly usePortMapping?: boolean;
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
  readonly #external = new ExternalAddress();
  readonly #book = new PeerBook((address) => this.#priorityOf(address));
  readonly #bans = new BanList();
  readonly #liars = new Set<SourceId>();
  readonly #listener: Deno.TcpListener;
  readonly #udp: UdpSocket;
  readonly #pex: Pex | undefined;
  /** Where peers can dial us: another port than our own, when the gateway has mapped it so. */
  readonly #where: { port: number };
  #mapping: Promise<void> | undefined;

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
    const where = this.#where = { port };
    this.#udp = new UdpSocket({ bind });
    this.announcer = new Announcer({
      trackers: metainfo.trackers,
      isPrivate: metainfo.isPrivate,
      infoHash: metainfo.infoHash,
      peerId: this.#peerId,
      get port() {
        return where.port;
      },
      bind,
      udp: this.#udp,
      signal: this.signal,
      report,
      stats: () => this.meter.transferred,
      switched: () => this.#leavePeers(),
      onExternalHost: (host, tracker) => this.#external.vote(host, tracker),
    });
    this.#pex = this.#makePex();
    this.#external.onChange = () => this.#book.rank();
    this.swarm = new Swarm({
      peerId: this.#peerId,
      maxPeers,
      buffers: new ReadBuffers(ledger.budget.memory),
      relief: () => ledger.budget.relief(),
      roles: [this.downloads, this.#external, ...(this.#pex === undefined ? [] : [this.#pex])],
      introduction: introductionAt(where),
      priorityOf: (address) => this.#priorityOf(address),
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
    const { peers = [] } = this.#options;
    yield peers;
    const announced = this.announcer.addresses();
    this.#letPeersIn(peers);
    for await (const addresses of announced) {
      this.#letPeersIn(addresses);
      yield addresses;
    }
  }

  /** Peers beyond our network can dial us if its gateway has a port for us; for others it is not asked. */
  #letPeersIn(peers: readonly PeerAddress[]): void {
    const { usePortMapping = true, bind, report } = this.#options;
    if (!usePortMapping || peers.every(({ host }) => isPrivateHost(host))) return;
    const { signal } = this;
    const { port } = this.#listener.addr;
    const onMapped: KeepMappedOptions["onMapped"] = ({ externalHost, externalPort }) => {
      this.#where.port = externalPort;
      if (externalHost !== undefined) this.#external.vote(externalHost, "the gateway");
    };
    // Loaded here, for most runs never get here. Whatever fails in it, the download can do without.
    this.#mapping ??= import("./reach/port_mapping.ts")
      .then(({ keepMapped }) => keepMapped({ port, bind, signal, report, onMapped }))
      .catch(({ message }) => report({ kind: "mapping", status: "failed", message }));
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
      tips: this.#pex?.addresses,
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

  /** Peer exchange, unless the torrent is private (BEP 27) or the user does not want it. */
  #makePex(): Pex | undefined {
    const { metainfo, ledger, report, usePex = true } = this.#options;
    if (metainfo.isPrivate || !usePex) return undefined;
    return new Pex({
      isOwn: (address) => this.#isOwn(address),
      wantsSeeds: () => !ledger.isComplete,
      report,
    });
  }

  /** Whether whoever dials there reaches us, as far as we know. */
  #isOwn({ host, port }: PeerAddress): boolean {
    if (port !== this.#listener.addr.port && port !== this.#where.port) return false;
    const { bind } = this.#options;
    if (host === this.#external.seenFrom(host)) return true;
    return bind === undefined ? isThisMachine(host) : host === bind;
  }

  #priorityOf(theirs: PeerAddress): number {
    const host = this.#external.assumedFrom(theirs.host);
    return peerPriority({ host, port: this.#listener.addr.port }, theirs);
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
    const goodbyes = [this.hangUp(), this.announcer[Symbol.asyncDispose](), this.#mapping];
    await Promise.all(goodbyes);
    await this.#udp[Symbol.asyncDispose]();
  }
}

/** What peers are told of us: where they can dial us, as it is by then. */
function introductionAt(where: { readonly port: number }): Introduction {
  return {
    reqq: OWN_REQQ,
    client: USER_AGENT,
    get port() {
      return where.port;
    },
  };
}
