/**
 * What the stages of one download share, made and ended in one place: the swarm, the trackers, the
 * downloaders, the counters. download.ts strings the stages together.
 *
 * @module
 */
import { formatAddress, type PeerAddress } from "./base/address.ts";
import { GaveUpError, PeerError } from "./base/errors.ts";
import { makePeerId, type PeerId } from "./base/identity.ts";
import { UdpSocket } from "./base/udp_socket.ts";
import { Downloads } from "./blocks/request.ts";
import { Pex } from "./discovery/pex.ts";
import { Goal } from "./engine/goal.ts";
import { introductionOf } from "./engine/introduction.ts";
import { DEFAULT_MAX_PEERS } from "./engine/memory_bytes.ts";
import type { PeerOptions } from "./engine/peer_options.ts";
import { Whereabouts } from "./engine/whereabouts.ts";
import type { DownloadEvent } from "./events.ts";
import type { Ledger, SourceId } from "./ledger.ts";
import { Meter } from "./meter.ts";
import { BanList } from "./peers/ban_list.ts";
import type { ConnectOptions } from "./peers/connect.ts";
import { PeerBook } from "./peers/peer_book.ts";
import type { Haves, Role } from "./peers/session.ts";
import { Swarm } from "./peers/swarm.ts";
import { ReadBuffers } from "./peers/read_buffers.ts";
import type { SettleOptions } from "./pieces/settle.ts";
import type { Store } from "./storage/store.ts";
import { Uploads } from "./upload/uploads.ts";
import type { Metainfo } from "./torrent/metainfo.ts";
import { Announcer } from "./tracker/announce.ts";

/** With fewer peers than this, trackers are asked for more as soon as they allow. */
const FEW_PEERS = 10;

/** What an engine is made from. */
export interface EngineOptions extends PeerOptions {
  readonly metainfo: Metainfo;
  readonly ledger: Ledger;
  /** Where verified pieces are read. */
  readonly store: Pick<Store, "read">;
  readonly report: (event: DownloadEvent) => void;
  readonly timeoutMs?: number;
  /** Whether peers are told that we have nothing; then a role of `extraRoles` shows what there is. */
  readonly hidesHaves?: boolean;
  readonly extraRoles?: readonly Role[];
  readonly signal: AbortSignal;
}

/** Everything that runs besides the pipeline. Disposing it says goodbye to peers and trackers. */
export class Engine implements AsyncDisposable {
  readonly swarm: Swarm;
  readonly announcer: Announcer;
  readonly downloads: Downloads;
  readonly uploads: Uploads;
  readonly meter: Meter;
  /** Aborts when the download does, when it gives up, and when the engine is disposed. */
  readonly signal: AbortSignal;
  readonly #options: EngineOptions;
  readonly #ending = new AbortController();
  readonly #peerId: PeerId = makePeerId();
  readonly #book: PeerBook;
  readonly #bans = new BanList();
  readonly #liars = new Set<SourceId>();
  readonly #where: Whereabouts;
  readonly #udp: UdpSocket;
  readonly #pex: Pex | undefined;
  readonly #goal = new Goal();

  /** @throws when the port that was asked for cannot be listened on */
  constructor(options: EngineOptions) {
    const { ledger, report, bind, extraRoles = [], maxPeers = DEFAULT_MAX_PEERS } = options;
    this.#options = options;
    this.signal = AbortSignal.any([options.signal, this.#ending.signal]);
    this.meter = new Meter(ledger);
    this.downloads = new Downloads({
      ledger,
      count: this.meter.count,
      peerId: this.#peerId,
      bytesPerSecond: options.limits?.down,
    });
    this.uploads = new Uploads({
      ledger,
      read: (offset, into) => options.store.read(offset, into),
      count: this.meter.countSent,
      onFailure: (error) => this.#fail(error),
    });
    const where = this.#where = new Whereabouts({ ...options, signal: this.signal });
    this.#book = new PeerBook((address) => where.priorityOf(address));
    where.external.onChange = () => this.#book.rank();
    this.#udp = new UdpSocket({ bind });
    this.announcer = this.#makeAnnouncer();
    this.#pex = this.#makePex();
    this.swarm = new Swarm({
      peerId: this.#peerId,
      maxPeers,
      buffers: new ReadBuffers(ledger.budget.memory),
      relief: () => ledger.budget.relief(),
      roles: [
        this.downloads,
        this.uploads,
        where.external,
        ...(this.#pex ? [this.#pex] : []),
        ...extraRoles,
      ],
      introduction: introductionOf(where, () => this.#haves.extent === "all"),
      priorityOf: (address) => where.priorityOf(address),
      book: this.#book,
      bans: this.#bans,
      haves: () => this.#haves,
      report,
      onFailure: (error) => this.#fail(error),
      onTick: (nowMs) => this.#tick(nowMs),
    });
    const { listener } = where;
    if (listener === undefined) return;
    const { hostname: host, port } = listener.addr;
    report({ kind: "listening", host, port });
  }

  /** The peers that the user named, then those that trackers name. */
  async *addresses(): AsyncGenerator<readonly PeerAddress[], void, undefined> {
    const { peers = [] } = this.#options;
    yield peers;
    const announced = this.announcer.addresses();
    this.#where.letIn(peers);
    for await (const addresses of announced) {
      this.#where.letIn(addresses);
      yield addresses;
    }
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
      listener: this.#where.listener,
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
  get settling(): Omit<SettleOptions, "store"> {
    const { ledger, report } = this.#options;
    return {
      ledger,
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

  /** Everything is there: whoever wants something may come, and those who want nothing may go. */
  startSeeding(goal: { readonly ratio?: number; readonly seconds?: number }): void {
    this.meter.mode = "seed";
    this.swarm.isPatient = true;
    this.swarm.introduceAgain();
    this.downloads.dismissSeeds();
    this.#options.report({ kind: "seeding", ...goal });
  }

  /** Resolves at the first tick at which `isReached` says so. @throws what ends everything before that */
  until(isReached: () => boolean): Promise<void> {
    return this.#goal.until(isReached, this.signal);
  }

  #makeAnnouncer(): Announcer {
    const { metainfo, report, bind } = this.#options;
    const where = this.#where;
    return new Announcer({
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
      onExternalHost: (host, tracker) => where.external.vote(host, tracker),
    });
  }

  /** Peer exchange, unless the torrent is private (BEP 27) or the user does not want it. */
  #makePex(): Pex | undefined {
    const { metainfo, ledger, report, usePex = true } = this.#options;
    if (metainfo.isPrivate || !usePex) return undefined;
    return new Pex({
      isOwn: (address) => this.#where.isOwn(address),
      wantsSeeds: () => !ledger.isComplete,
      report,
    });
  }

  get #haves(): Haves {
    const { ledger: { verified: bits, verifiedCount, isComplete } } = this.#options;
    if (this.#options.hidesHaves) return { bits, extent: "none" };
    return { bits, extent: isComplete ? "all" : verifiedCount === 0 ? "none" : "some" };
  }

  /** Ends everything: it is nobody's fault but ours. */
  #fail(error: unknown): void {
    this.downloads.runs.fail(error);
    this.#goal.fail(error);
  }

  /** Closes the peer and never talks to it again. */
  #ban(source: SourceId): void {
    const peer = this.downloads.peerOf(source);
    // Whoever lied in several pieces is found out once for each.
    if (peer === undefined || this.#liars.has(source)) return;
    this.#liars.add(source);
    const { remote, isIncoming, handshake: { peerId } } = peer;
    this.#bans.ban({ ...remote, peerId, incoming: isIncoming });
    peer.close(new PeerError("Peer sent corrupt blocks", "corrupt"));
    // A connection that had ended before leaves its address settled: settle it again, for good.
    if (!isIncoming) this.#book.settle(remote, "never", 0);
    this.#options.report({ kind: "peer", status: "banned", address: formatAddress(remote) });
  }

  #addressOf(source: SourceId): string {
    const peer = this.downloads.peerOf(source);
    return peer === undefined ? "" : formatAddress(peer.remote);
  }

  /** A private torrent has changed its tracker: the peers of the other are its own (BEP 27). */
  #leavePeers(): void {
    this.#book.forget();
    this.swarm.closeAll(new PeerError("The tracker that named this peer was left", "surplus"));
  }

  #tick(nowMs: number): void {
    this.downloads.shareOut();
    this.uploads.tick(nowMs);
    const { report, timeoutMs, ledger } = this.#options;
    const progress = this.meter.tick(nowMs, this.swarm.size);
    if (progress !== undefined) report(progress);
    this.#goal.look();
    if (this.swarm.size < FEW_PEERS && !ledger.isComplete) this.announcer.starve();
    else this.announcer.satisfy();
    if (timeoutMs === undefined || ledger.isComplete || this.meter.idleMs < timeoutMs) return;
    this.#ending.abort(new GaveUpError(`Nothing new arrived for ${timeoutMs / 1000} s`));
  }

  /** Closes every connection and takes no more: nothing changes the ledger from then on. */
  async hangUp(): Promise<void> {
    this.#ending.abort(new DOMException("The download has ended", "AbortError"));
    this.#where.close();
    await this.swarm[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const goodbyes = [this.hangUp(), this.announcer[Symbol.asyncDispose]()];
    await Promise.all([...goodbyes, this.#where[Symbol.asyncDispose]()]);
    await this.#udp[Symbol.asyncDispose]();
  }
}
