/**
 * The downloader's part towards one peer: what it has, what it is asked for, what it delivers.
 *
 * @module
 */
import { countBits } from "../base/bits.ts";
import { PeerError } from "../base/errors.ts";
import { BLOCK, type Ledger, type OpenPiece, type Source, type SourceId } from "../ledger.ts";
import type { Message } from "../peers/message.ts";
import type { PeerRole, Session } from "../peers/session.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import { Pace } from "./pace.ts";
import { pickBlocks } from "./picker.ts";
import { RequestQueue } from "./request_queue.ts";

/** Blocks that were never asked for, after which a peer is closed. */
const MAX_UNREQUESTED = 16;

/** A source in end game is asked for what another one is, when that one takes this many times as long. */
const DOUBLING_FACTOR = 2;

/** How much longer, at least, in milliseconds. */
const DOUBLING_MARGIN_MS = 100;

/** Requests that a peer gets however scarce the budget is. */
const MIN_FAIR_DEPTH = 4;

/** How long a peer waits for a buffer before it is given a piece that is written in place. */
const STARVED_MS = 2_000;

/** How long a peer may stall before it is closed. */
const MAX_STALLED_MS = 60_000;

/** One block that has come and is held. */
export interface Block {
  readonly piece: OpenPiece;
  readonly block: number;
  readonly source: Source;
  /** Whether it was the last one of its piece. */
  readonly completesPiece: boolean;
}

/** What the downloaders of all peers share. */
export interface Shared {
  readonly ledger: Ledger;
  /** Where blocks go whose piece is not in memory; offsets in the torrent. */
  readonly sink: { write(offset: number, bytes: Uint8Array): void };
  /** Takes the blocks of one read. */
  deliver(blocks: readonly Block[]): void;
  /** A block is held: whoever else is asked for it need not send it. */
  cancelElsewhere(piece: OpenPiece, block: number, except: Downloader): void;
  /** How long a source will take to answer what it is asked, in milliseconds. */
  drainMs(source: SourceId | undefined): number;
  /** Counts payload, of use or not. */
  count(kind: "useful" | "wasted", lengthBytes: number): void;
  /** This downloader found nothing to ask for; it is woken when that may have changed. */
  idle(downloader: Downloader): void;
  left(downloader: Downloader): void;
}

/** Downloads from one peer. */
export class Downloader implements PeerRole {
  readonly session: Session;
  readonly source: Source;
  readonly #shared: Shared;
  readonly #ledger: Ledger;
  readonly #queue = new RequestQueue();
  readonly #pace: Pace;
  #delivered: Block[] = [];
  #unrequested = 0;
  #stalledAtMs: number | undefined;
  #busyAtMs = Infinity;

  /** @param startDepth how many requests to begin with */
  constructor(session: Session, shared: Shared, startDepth: number) {
    this.session = session;
    this.#shared = shared;
    this.#ledger = shared.ledger;
    this.source = this.#ledger.holdings.add();
    this.#pace = new Pace(startDepth);
  }

  /** Payload per second, measured lately. */
  get bytesPerSecond(): number {
    return this.#pace.bytesPerMs * 1000;
  }

  /** How long the peer will take to answer what it is asked, in milliseconds; Infinity when it does not. */
  get drainMs(): number {
    const { length } = this.#queue;
    return length === 0 || this.#pace.isStalled(this.#nowMs)
      ? Infinity
      : this.#pace.drainMs(length);
  }

  /** The clock that stands still while we do. */
  get #nowMs(): number {
    return this.session.nowMs;
  }

  receive(message: Message): void {
    switch (message.kind) {
      case "bitfield":
        return this.#haves(message.bits);
      case "have":
        return this.#have(message.pieceIndex);
      case "choke":
        return this.#stop();
      case "unchoke":
        return this.#serve();
      case "piece":
        return this.#arrived(message.pieceIndex, message.begin, message.block);
      case "extended":
        if (this.session.extension?.reqq !== undefined) {
          this.#pace.setLimit(this.session.extension.reqq);
        }
    }
  }

  settle(): void {
    if (this.#delivered.length > 0) {
      this.#shared.deliver(this.#delivered);
      this.#delivered = [];
    }
    this.session.setInteresting(this.source.usefulCount > 0);
    this.refill();
  }

  tick(nowMs: number): void {
    this.#pace.tick(nowMs, this.#queue.length);
    this.source.bytesPerMs = this.#pace.bytesPerMs;
    this.#watchStall(nowMs);
    this.session.setInteresting(this.source.usefulCount > 0);
    this.refill();
  }

  leave(): void {
    this.#stop();
    if (this.#delivered.length > 0) this.#shared.deliver(this.#delivered);
    this.#shared.left(this);
    this.#ledger.removeSource(this.source);
  }

  /** Asks for as much as the peer's pace allows; nothing while it chokes us or stalls. */
  refill(): void {
    if (!this.source.isServing || this.source.usefulCount === 0) return;
    const count = Math.min(this.#pace.depth, this.#fairDepth()) - this.#queue.length;
    if (count <= 0) return;
    if (this.#queue.length > 0 && this.#pace.isLate(this.#nowMs)) return;
    const wasIdle = this.#queue.length === 0;
    const picked = pickBlocks({
      ledger: this.#ledger,
      source: this.source,
      count,
      isStarved: this.#nowMs - this.#busyAtMs > STARVED_MS,
      isWorthDoubling: (piece, block) => this.#isWorthDoubling(piece, block),
      ask: (piece, block) => this.#ask(piece, block),
    });
    if (picked < count) this.#shared.idle(this);
    if (picked > 0 || !wasIdle) this.#busyAtMs = this.#nowMs;
    if (picked > 0 && wasIdle) this.#pace.asked(this.#nowMs);
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
    if (this.#queue.giveUp(piece.pieceIndex, block) === undefined) return;
    this.#ledger.unrequest(piece, block);
    this.session.wire.outbox.cancel(
      piece.pieceIndex,
      block * BLOCK_LENGTH,
      this.#lengthOf(piece, block),
    );
    this.wake();
  }

  /**
   * Nobody may be asked for more than is left of the budget: so a few share it by halves and thirds, many
   * in equal parts, and one fast peer among slow ones has most of it.
   */
  #fairDepth(): number {
    return Math.max(Math.floor(this.#ledger.budget.usualBytes / BLOCK_LENGTH), MIN_FAIR_DEPTH);
  }

  #ask(piece: OpenPiece, block: number): void {
    this.#queue.push(piece, block);
    const lengthBytes = this.#lengthOf(piece, block);
    this.session.wire.outbox.request(piece.pieceIndex, block * BLOCK_LENGTH, lengthBytes);
  }

  #isWorthDoubling(piece: OpenPiece, block: number): boolean {
    if (this.#queue.has(piece.pieceIndex, block)) return false;
    const ownMs = this.#pace.drainMs(this.#queue.length + 1);
    const othersMs = this.#shared.drainMs(piece.sourceOf[block]);
    if (ownMs === Infinity) return othersMs === Infinity;
    return othersMs > DOUBLING_FACTOR * ownMs + DOUBLING_MARGIN_MS;
  }

  #haves(bits: Uint8Array): void {
    const { geometry } = this.#ledger;
    const own = bits.slice();
    const spareBits = own.length * 8 - geometry.pieceCount;
    if (
      ((own.at(-1) ?? 0) & ((1 << spareBits) - 1)) !== 0 || countBits(own) > geometry.pieceCount
    ) {
      throw new PeerError("Bitfield has spare bits set", "protocol");
    }
    this.#ledger.holdings.setHaves(this.source, own);
  }

  #have(pieceIndex: number): void {
    if (pieceIndex >= this.#ledger.geometry.pieceCount) {
      throw new PeerError(`Peer has piece ${pieceIndex}, which does not exist`, "protocol");
    }
    this.#ledger.holdings.addHave(this.source, pieceIndex);
  }

  #arrived(pieceIndex: number, begin: number, bytes: Uint8Array): void {
    const block = begin / BLOCK_LENGTH;
    const asked = this.#queue.take(pieceIndex, block);
    this.#pace.received(bytes.length, this.#nowMs);
    this.#resume();
    if (asked !== undefined) {
      if (bytes.length !== this.#lengthOf(asked, block)) {
        throw new PeerError(`Block of ${bytes.length} bytes is not what was requested`, "protocol");
      }
      this.#keep(asked, block, bytes);
      return this.#ledger.unrequest(asked, block);
    }
    if (!this.#queue.takeReturned(pieceIndex, block)) this.#countUnrequested();
    else this.#keepLate(pieceIndex, block, bytes);
  }

  /** The answer to a request that was given up: of use if the block is still missing. */
  #keepLate(pieceIndex: number, block: number, bytes: Uint8Array): void {
    const piece = this.#ledger.openPiece(pieceIndex);
    const isMissing = piece !== undefined && piece.states[block] !== BLOCK.held &&
      this.#ledger.maySupply(piece, this.source) && bytes.length === this.#lengthOf(piece, block);
    if (isMissing) this.#keep(piece, block, bytes);
    else this.#shared.count("wasted", bytes.length);
  }

  /** Copies a block to its one place, in its piece's buffer or on disk. */
  #keep(piece: OpenPiece, block: number, bytes: Uint8Array): void {
    if (this.#ledger.openPiece(piece.pieceIndex) !== piece || piece.states[block] === BLOCK.held) {
      return this.#shared.count("wasted", bytes.length);
    }
    const begin = block * BLOCK_LENGTH;
    if (piece.buffer !== undefined) piece.buffer.set(bytes, begin);
    else {this.#shared.sink.write(
        this.#ledger.geometry.pieceOffset(piece.pieceIndex) + begin,
        bytes,
      );}
    this.#ledger.hold(piece, block, this.source.id);
    this.#shared.count("useful", bytes.length);
    this.session.wasUseful = true;
    const { source } = this;
    this.#delivered.push({ piece, block, source, completesPiece: piece.isFull });
    if (piece.isDoubled) this.#shared.cancelElsewhere(piece, block, this);
  }

  #countUnrequested(): void {
    this.#unrequested++;
    if (this.#unrequested < MAX_UNREQUESTED) return;
    throw new PeerError(
      `Peer sent ${this.#unrequested} blocks that were not requested`,
      "protocol",
    );
  }

  /** The peer answers (again): it may be asked. */
  #resume(): void {
    this.#stalledAtMs = undefined;
    if (!this.source.isServing && !this.session.isChokingUs) {
      this.#ledger.setServing(this.source, "serving");
    }
  }

  #serve(): void {
    this.#busyAtMs = this.#nowMs;
    this.#ledger.setServing(this.source, "serving");
  }

  /** Gives back everything the peer was asked for. */
  #stop(): void {
    this.#ledger.setServing(this.source, "silent");
    for (const { piece, block } of this.#queue.giveUpAll()) this.#ledger.unrequest(piece, block);
  }

  #watchStall(nowMs: number): void {
    if (this.#stalledAtMs !== undefined) {
      if (nowMs - this.#stalledAtMs < MAX_STALLED_MS) return;
      throw new PeerError("Peer stopped answering requests", "timeout");
    }
    if (this.#queue.length === 0 || !this.#pace.isStalled(nowMs)) return;
    this.#stalledAtMs = nowMs;
    this.#stop();
  }

  #lengthOf(piece: OpenPiece, block: number): number {
    return this.#ledger.geometry.requestLength(piece.pieceIndex, block);
  }
}
