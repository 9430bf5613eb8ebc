/**
 * The third stage of the pipeline: wires to blocks. Every peer is asked for what it has and we lack, and
 * what they all deliver is merged into one stream.
 *
 * @module
 */
import { Channel } from "../base/async.ts";
import type { PeerId } from "../base/identity.ts";
import { type Ledger, LOCAL_SOURCE, type OpenPiece, type SourceId } from "../ledger.ts";
import { DONT_HAVE } from "../peers/dont_have.ts";
import type { Handshake } from "../peers/handshake.ts";
import type { Role, Session } from "../peers/session.ts";
import type { Swarm } from "../peers/swarm.ts";
import type { Wire } from "../peers/wire.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import { Claims } from "./claims.ts";
import { Downloader, type Shared } from "./downloader.ts";
import type { FullRun } from "./intake.ts";
import { MAX_PROMPT, Sharing } from "./sharing.ts";

export type { FullRun } from "./intake.ts";

/** Requests to begin with, towards a peer nothing is known of. */
const MAX_START_DEPTH = 32;

/**
 * The share of the free budget that one new peer may be asked for at first, where there are few; the more
 * there are, the less: what many slow ones hoard keeps as many runs from being finished.
 */
const START_SHARE = 1 / 64;
const FEW_PEERS = 2;

/** How many peers that have gone are remembered by their source, so that they can still be blamed. */
const MAX_REMEMBERED = 4096;

/**
 * What is known of the peer that a source is or was.
 *
 * @internal
 */
export type SourcePeer = Pick<Wire, "remote" | "isIncoming" | "close"> & {
  readonly handshake: Pick<Handshake, "peerId">;
};

/** What is downloaded, and who counts. */
export interface DownloadsOptions {
  /** One Downloads for each: it takes the ledger's `onWork`. */
  readonly ledger: Ledger;
  /** Told all payload, of use or not. */
  readonly count: Shared["count"];
  /** Ours, for claims.ts. */
  readonly peerId?: PeerId;
  /** The limit that reading is under, in bytes per second. @default none */
  readonly bytesPerSecond?: number | undefined;
}

/** The downloader's part towards everybody, as the swarm's role and as a source of blocks. */
export class Downloads implements Role, Shared {
  readonly extension: string = DONT_HAVE;
  /** What peers have and what is still to be asked for. */
  readonly ledger: Ledger;
  readonly count: Shared["count"];
  /** What has come, a batch per read that makes a run full; bounded by the ledger's budget. */
  readonly runs = new Channel<readonly FullRun[]>();
  /** @internal */
  readonly claims: Claims;
  readonly #limit: number | undefined;
  readonly #downloaders = new Map<SourceId, Downloader>();
  /** By their source: no more of them than is needed, for there may be many. */
  readonly #gone = new Map<SourceId, SourcePeer>();
  readonly #sharing: Sharing;

  /** Takes the ledger's `onWork`. */
  constructor(options: DownloadsOptions) {
    this.ledger = options.ledger;
    this.count = options.count;
    this.claims = new Claims(options.peerId);
    const { ledger, bytesPerSecond } = options;
    this.#limit = bytesPerSecond;
    const downloaders = () => this.#downloaders.values();
    this.#sharing = new Sharing({ ledger, bytesPerSecond, downloaders });
    ledger.onWork = () => this.#sharing.wakeIdle();
  }

  get isLimited(): boolean {
    return this.#limit !== undefined;
  }

  get share(): number {
    return this.#sharing.share;
  }

  get hasSlow(): boolean {
    return this.#sharing.hasSlow;
  }

  changed(): void {
    this.#sharing.changed(this.#downloaders.size);
  }

  /** Divides what is given out anew, and asks those who may get more now; called a few times a second. */
  shareOut(): void {
    this.#sharing.shareOut();
  }

  join(peer: Session): Downloader {
    const portion = START_SHARE / Math.max(1, this.#downloaders.size / FEW_PEERS);
    const share = Math.floor((this.ledger.budget.roomBytes * portion) / BLOCK_LENGTH);
    const downloader = new Downloader(peer, this, Math.min(share, MAX_START_DEPTH));
    this.#downloaders.set(downloader.source.id, downloader);
    this.claims.join(downloader.source, peer.wire.handshake.peerId);
    this.changed();
    return downloader;
  }

  /**
   * Who a source is or was; undefined when that is forgotten.
   *
   * @internal
   */
  peerOf(source: SourceId): SourcePeer | undefined {
    return this.#downloaders.get(source)?.session.wire ?? this.#gone.get(source);
  }

  /** Tells everybody who lacks them that we have these pieces now. */
  announceHave(pieceIndices: readonly number[]): void {
    for (const { session, source } of this.#downloaders.values()) {
      if (source.isComplete) continue;
      for (const pieceIndex of pieceIndices) {
        if (!source.has(pieceIndex)) session.wire.outbox.have(pieceIndex);
      }
      if (this.#downloaders.size > MAX_PROMPT) continue;
      // One that shows us a piece at a time waits for this to show the next.
      session.setInteresting(source.isUseful);
      speakNow(session);
    }
  }

  /** We have everything: those who have it too are let go. */
  dismissSeeds(): void {
    for (const downloader of this.#downloaders.values()) downloader.dismissSeed();
  }

  deliver(runs: readonly FullRun[]): void {
    this.runs.push(runs);
  }

  cancel(piece: OpenPiece, block: number): void {
    for (const downloader of this.#downloaders.values()) downloader.cancel(piece, block);
  }

  drainMs(source: SourceId | undefined): number | undefined {
    const downloader = this.#downloaders.get(source ?? LOCAL_SOURCE);
    return downloader === undefined ? Infinity : downloader.doubling.drainMs;
  }

  someDrain(fits: (drainMs: number | undefined) => boolean): boolean {
    for (const { doubling } of this.#downloaders.values()) {
      if (doubling.isAsked && fits(doubling.drainMs)) return true;
    }
    return false;
  }

  idle(downloader: Downloader): void {
    this.#sharing.idle(downloader);
  }

  left(downloader: Downloader): void {
    this.changed();
    this.claims.leave(downloader.source);
    this.#downloaders.delete(downloader.source.id);
    this.#sharing.left(downloader);
    this.#remember(downloader);
  }

  #remember({ source, session: { wire } }: Downloader): void {
    const { remote, isIncoming, handshake: { peerId } } = wire;
    this.#gone.set(source.id, { remote, isIncoming, handshake: { peerId }, close: () => {} });
    if (this.#gone.size <= MAX_REMEMBERED) return;
    const [first] = this.#gone.keys();
    if (first !== undefined) this.#gone.delete(first);
  }
}

/** Never throws; a peer that fails here is closed. */
function speakNow(session: Session): void {
  try {
    session.speak();
  } catch (error) {
    session.wire.close(error);
  }
}

/** What requestBlocks() works with. */
export interface RequestOptions {
  /** Has `downloads` among its roles. */
  readonly swarm: Pick<Swarm, "follow">;
  /** Yields what it collects, and disposes its channel at the end. */
  readonly downloads: Downloads;
  /** Ends the iteration with its reason. */
  readonly signal: AbortSignal;
}

/**
 * Talks to every peer that connects, and yields the blocks that they deliver, in runs that are full.
 * Ends when no more peers come and the last one has gone; its own end closes nobody.
 *
 * @throws what ends the download: a failure of `wires`; the signal's reason
 */
export async function* requestBlocks(
  wires: AsyncIterable<Wire>,
  { swarm, downloads, signal }: RequestOptions,
): AsyncGenerator<readonly FullRun[], void, undefined> {
  signal.throwIfAborted();
  const { runs } = downloads;
  const onAbort = () => runs.fail(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  swarm.follow(wires).then(() => runs.close(), (error: unknown) => runs.fail(error));
  try {
    yield* runs;
  } finally {
    signal.removeEventListener("abort", onAbort);
    runs[Symbol.dispose]();
  }
}
