/**
 * The downloader's part towards one peer: what it has, what it is asked for, what it delivers.
 *
 * @module
 */
import { PeerError } from "../base/errors.ts";
import type { Ledger, OpenPiece, Source } from "../ledger.ts";
import { decodeDontHave } from "../peers/dont_have.ts";
import type { Message } from "../peers/message.ts";
import type { PeerRole, Session } from "../peers/session.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import { checkIndex, noteHaves } from "./announced.ts";
import type { Claims } from "./claims.ts";
import { Terms } from "./terms.ts";
import { Doubling, type DoublingShared } from "./doubling.ts";
import { type FullRun, Intake, type IntakeShared } from "./intake.ts";
import { Pace } from "./pace.ts";
import { type Asker, pickAmong, pickBlocks } from "./picker.ts";
import { Requests } from "./requests.ts";
import { leastShare } from "./shares.ts";
import { Stall } from "./stall.ts";

/** How long a peer waits for room in the budget before it is given of what is kept back. */
const STARVED_MS = 2_000;

/** A peer that will take longer for what it is asked, in milliseconds, is asked for too much. */
const MAX_DRAIN_MS = 10_000;

/**
 * What the downloaders of all peers share.
 *
 * @internal
 */
export interface Shared extends IntakeShared, DoublingShared {
  /** Takes the runs that one read made full. */
  deliver(runs: readonly FullRun[]): void;
  /** Who fetches what nobody has but seeds. */
  readonly claims: Claims;
  /** How many requests anybody may have outstanding. */
  readonly share: number;
  /** Whether reading is under a limit, so that little is to be asked for. */
  readonly isLimited: boolean;
  /** What this downloader wants has changed. */
  changed(): void;
  /** This downloader found nothing to ask for; it is woken when that may have changed. */
  idle(downloader: Downloader): void;
  /** The peer has gone: it is neither woken nor asked again. */
  left(downloader: Downloader): void;
}

/**
 * Downloads from one peer.
 *
 * @internal
 */
export class Downloader implements PeerRole, Asker {
  readonly session: Session;
  readonly source: Source;
  readonly ledger: Ledger;
  readonly isOurs: Asker["isOurs"];
  readonly doubling: Doubling;
  readonly #shared: Shared;
  readonly #requests: Requests;
  readonly #pace: Pace;
  readonly #intake: Intake;
  readonly #terms = new Terms();
  readonly #stall = new Stall();
  #busyAtMs = Infinity;

  /** @param startDepth how many requests to begin with */
  constructor(session: Session, shared: Shared, startDepth: number) {
    this.session = session;
    this.#shared = shared;
    this.ledger = shared.ledger;
    this.isOurs = (pieceIndex) => shared.claims.isOurs(pieceIndex);
    this.source = this.ledger.holdings.add();
    this.#requests = new Requests(this.ledger, session.wire.outbox);
    const { queue } = this.#requests;
    this.#intake = new Intake(shared, this.source, queue);
    const pace = this.#pace = new Pace(startDepth);
    const now = () => this.#nowMs;
    this.doubling = new Doubling({ source: this.source, queue, pace, shared, now });
  }

  /** How long an answer takes at least, in milliseconds; Infinity while that is unknown. */
  get roundTripMs(): number {
    return this.#pace.roundTripMs;
  }

  /** Whether what it is asked for takes a while to come. */
  get isFarOrSlow(): boolean {
    return this.#pace.isFar || this.#pace.isSlow;
  }

  /** How many requests it would have outstanding if there were room for all. */
  get wanted(): number {
    return this.source.isServing ? this.#pace.wanted : 0;
  }

  /** How many requests it has not answered. */
  get #outstanding(): number {
    return this.#requests.queue.length;
  }

  /** The clock that stands still while we do. */
  get #nowMs(): number {
    return this.session.nowMs;
  }

  receive(message: Message): void {
    switch (message.kind) {
      case "allowedFast":
        checkIndex(this.ledger, message.pieceIndex);
        return this.#terms.allow(message.pieceIndex);
      case "suggestPiece":
        return checkIndex(this.ledger, message.pieceIndex);
      case "rejectRequest":
        return this.#rejected(message.pieceIndex, message.begin / BLOCK_LENGTH);
      case "choke":
        this.#stall.end();
        this.#silence();
        return this.#requests.choked(this.#terms.allowed);
      case "unchoke":
        return this.#serve();
      case "piece":
        this.session.receivedBytes += message.lengthBytes;
        this.#pace.received(message.lengthBytes, this.#nowMs);
        this.#resume();
        if (this.#intake.receive(message)) this.session.wasUseful = true;
        return;
      case "extended":
        if (this.session.extension?.reqq !== undefined) {
          this.#pace.setLimit(this.session.extension.reqq);
        }
        return this.dismissSeed();
      case "bitfield":
      case "haveAll":
      case "haveNone":
        this.#terms.announced();
        return this.#noteHaves(message);
      default:
        return this.#noteHaves(message);
    }
  }

  #noteHaves(message: Message): void {
    if (noteHaves(this.ledger, this.source, message)) this.dismissSeed();
  }

  /** Lets the peer go, if neither side wants anything of the other. */
  dismissSeed(): void {
    const isSeed = this.source.isComplete || this.session.extension?.isUploadOnly;
    if (!isSeed || !this.ledger.isComplete) return;
    this.session.wire.close(new PeerError("Peer wants nothing, and nor do we", "needless"));
  }

  /** The peer has lost a piece: what it is asked for of it will not come (BEP 54). */
  receiveExtended(payload: Uint8Array): void {
    const pieceIndex = decodeDontHave(payload);
    checkIndex(this.ledger, pieceIndex);
    this.#terms.lost();
    this.#requests.lostPiece(pieceIndex);
    this.ledger.lose(this.source, pieceIndex);
  }

  settle(): void {
    this.#deliver();
    this.session.setInteresting(this.source.isUseful);
    this.refill();
  }

  tick(nowMs: number): void {
    if (this.session.isHeldUp) {
      this.#pace.excuse(nowMs);
      this.#requests.excuse(nowMs);
    }
    this.#pace.tick(nowMs, this.#outstanding);
    this.source.bytesPerMs = this.#pace.bytesPerMs;
    this.session.isSeed = this.source.isComplete;
    this.#watchStall(nowMs);
    this.#requests.cancelOvertaken(nowMs);
    this.#unburden();
    this.session.setInteresting(this.source.isUseful);
    this.refill();
  }

  leave(): void {
    this.#stop();
    this.#deliver();
    this.#shared.left(this);
    this.ledger.removeSource(this.source);
  }

  /** Asks for as much as the peer's pace allows; of a stalling peer one block, to learn when it is back. */
  refill(): void {
    if (!this.source.isUseful || this.#terms.isPaused(this.#nowMs)) return;
    if (this.session.isChokingUs) return this.#refillAllowed();
    const depth = this.source.isServing ? Math.min(this.#pace.depth, this.#share) : 1;
    const count = depth - this.#outstanding;
    if (count <= 0) return;
    if (this.#outstanding > 0) {
      if (this.#pace.isLate(this.#nowMs)) return;
      if (count <= this.#pace.slack(depth)) return;
    }
    const wasIdle = this.#outstanding === 0;
    const isStarved = this.#nowMs - this.#busyAtMs > STARVED_MS;
    const picked = pickBlocks(this, count, isStarved ? "starved" : "usual");
    if (picked < count) this.#shared.idle(this);
    if (picked > 0 || !wasIdle) this.#busyAtMs = this.#nowMs;
    if (picked > 0 && wasIdle) this.#pace.asked(this.#nowMs);
  }

  /** Asks for what the peer gives though it chokes us. */
  #refillAllowed(): void {
    const { allowed } = this.#terms;
    const count = this.#pace.depth - this.#outstanding;
    if (allowed.size === 0 || count <= 0 || this.#stall.isOn) return;
    const wasIdle = this.#outstanding === 0;
    const picked = pickAmong(this, allowed, { count, need: "usual" });
    if (picked > 0 && wasIdle) this.#pace.asked(this.#nowMs);
  }

  /** Sends a request that the picker has booked. */
  ask(piece: OpenPiece, block: number): void {
    this.#requests.ask(piece, block);
  }

  /** Asks again: there may be work now. @throws nothing; a peer that fails here is closed */
  wake(): void {
    try {
      this.refill();
      this.session.speak();
    } catch (error) {
      this.session.wire.close(error);
    }
  }

  /** Takes back a request for a block that has come from elsewhere. */
  cancel(piece: OpenPiece, block: number): void {
    if (this.#requests.cancel(piece, block)) this.wake();
  }

  get #share(): number {
    const { share, isLimited } = this.#shared;
    const { isSaturated } = this.ledger.budget;
    const { isNear } = this.#pace;
    const blockMs = this.#pace.drainMs(1);
    return Math.max(Math.floor(share), leastShare({ isLimited, isSaturated, isNear, blockMs }));
  }

  /** A slow peer keeps what it was asked for while nothing was known of it from those who would send it soon. */
  #unburden(): void {
    const { depth } = this.#pace;
    const drainMs = this.#pace.drainMs(this.#outstanding) ?? 0;
    if (this.#outstanding > depth && drainMs > MAX_DRAIN_MS) this.#requests.cancelBeyond(depth);
  }

  /** A request will not be answered (BEP 6). */
  #rejected(pieceIndex: number, block: number): void {
    if (!this.#requests.rejected(pieceIndex, block)) return;
    this.#terms.rejected(this.#nowMs, this.session.receivedBytes);
  }

  #deliver(): void {
    const runs = this.#intake.take();
    if (runs.length > 0) this.#shared.deliver(runs);
  }

  /** The peer answers (again): it may be asked, if only for what it allows. */
  #resume(): void {
    this.#stall.end();
    if (!this.source.isServing && !this.session.isChokingUs) this.#serve();
  }

  #serve(): void {
    this.#stall.end();
    this.#busyAtMs = this.#nowMs;
    this.ledger.setServing(this.source, "serving");
    this.#shared.changed();
  }

  /** Gives back everything the peer was asked for. */
  #stop(): void {
    this.#silence();
    this.#requests.lostAll();
  }

  #silence(): void {
    this.ledger.setServing(this.source, "silent");
    this.#shared.changed();
  }

  #watchStall(nowMs: number): void {
    if (this.#stall.isOn) return this.#stall.check(nowMs);
    if (this.#outstanding === 0 || !this.#pace.isStalled(nowMs)) return;
    this.#stop();
    this.#stall.begin(nowMs);
  }
}
