/**
 * The ledger: the one shared mutable object, the state of every piece.
 *
 * | state    | meaning                                    | left by, and to                               |
 * | -------- | ------------------------------------------ | --------------------------------------------- |
 * | missing  | nothing of it is held or asked for         | open()                                        |
 * | open     | it has a block table (OpenPiece)           | hold() of the last block: full; unrequest()   |
 * |          |                                            | when it is empty again, closeAll(): missing   |
 * | full     | every block is held, the hash is unknown   | verify(); reject(): missing, or with suspects |
 * |          |                                            | open again; closeAll(): missing               |
 * | verified | the hash is right and the bytes are stored | never                                         |
 *
 * Blocks of an open piece are free, requested or held; several sources can be asked for one block, in
 * end game only. A piece of which an earlier run left some blocks starts open. What makes work for idle
 * sources (a free block, memory given back, the last piece opened) calls `onWork`, so that nobody polls.
 *
 * @module
 */
import { BLOCK_LENGTH, type Geometry } from "./torrent/geometry.ts";
import { countBits, hasBit, setBit } from "./base/bits.ts";
import { Budget } from "./ledger/budget.ts";
import { Copies } from "./ledger/copies.ts";
import { BLOCK, LOCAL_SOURCE, OpenPiece, type SourceId } from "./ledger/open_piece.ts";
import { Holdings, type Source } from "./ledger/holdings.ts";
import { Rarity } from "./ledger/rarity.ts";
import { bytesOf, verifiedAtStart } from "./ledger/start.ts";

export { BLOCK, LOCAL_SOURCE, OpenPiece, type SourceId } from "./ledger/open_piece.ts";
export type { Source } from "./ledger/holdings.ts";

/** How fast an unsuspected source must be, as a share of a suspect's rate, for the suspect to stand back. */
const MIN_SPEED_SHARE = 1 / 4;

/** What a ledger starts from. */
export interface LedgerOptions {
  /** A bit per piece, highest first: what is verified already. */
  readonly verified?: Uint8Array;
  /** Blocks that are stored of unverified pieces: a bit per block, highest first. */
  readonly partial?: ReadonlyMap<number, Uint8Array>;
  /** In [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** The state of every piece, of every block of the open ones, and of what each source has. */
export class Ledger {
  /** Where pieces and blocks lie. */
  readonly geometry: Geometry;
  /** The bound on what is asked for and held in memory. */
  readonly budget: Budget;
  /** The missing pieces, ordered by how many peers have them. */
  readonly rarity: Rarity;
  /** The sources, and what each has. */
  readonly holdings: Holdings;
  /** Called when idle sources may find work. */
  onWork: () => void = () => {};
  /** A bit per piece, highest first. */
  readonly verified: Uint8Array;
  /** How many bits of `verified` are set. */
  verifiedCount: number;
  /** Their bytes, padding included. */
  verifiedBytes: number;
  readonly #open = new Map<number, OpenPiece>();
  readonly #withFree = new Set<OpenPiece>();

  /** Pieces that are padding alone are verified from the start. */
  constructor(geometry: Geometry, options: LedgerOptions = {}) {
    this.geometry = geometry;
    this.budget = new Budget(geometry.maxPieceLength);
    this.verified = verifiedAtStart(geometry, options.verified);
    this.verifiedCount = countBits(this.verified);
    this.verifiedBytes = bytesOf(this.verified, geometry);
    const copies = new Copies(this.verified, geometry.pieceCount);
    this.rarity = new Rarity(copies, options.random ?? Math.random);
    this.holdings = new Holdings(this.verified, copies, this.rarity);
    for (const [pieceIndex, blocks] of options.partial ?? []) this.#restore(pieceIndex, blocks);
  }

  /** Whether every piece is verified. */
  get isComplete(): boolean {
    return this.verifiedCount === this.geometry.pieceCount;
  }

  /** Bytes still to verify. */
  get leftBytes(): number {
    return this.geometry.totalLength - this.verifiedBytes;
  }

  /** Whether no piece is left to open: who finds no free block may ask for what others are asked for. */
  get isEndGame(): boolean {
    return this.rarity.size === 0;
  }

  /** Pieces being fetched, oldest first. */
  get openPieces(): Iterable<OpenPiece> {
    return this.#open.values();
  }

  /** How many pieces are being fetched. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Those of them with a block that nobody is asked for, first who has had one longest. */
  get openWithFree(): Iterable<OpenPiece> {
    return this.#withFree;
  }

  /** Whether the piece is in the state verified. */
  isVerified(pieceIndex: number): boolean {
    return hasBit(this.verified, pieceIndex);
  }

  /** The block table of a piece, while it has one. */
  openPiece(pieceIndex: number): OpenPiece | undefined {
    return this.#open.get(pieceIndex);
  }

  /** The source is gone; its requests were returned before. */
  removeSource(source: Source): void {
    this.holdings.remove(source);
    this.#releaseSole(source);
  }

  /** The source serves, or has stopped to: pieces it was alone to fetch are free for others then. */
  setServing(source: Source, state: "serving" | "silent"): void {
    source.isServing = state === "serving";
    if (!source.isServing) this.#releaseSole(source);
  }

  /** Opens a missing piece, in memory where the budget has room, else to be written in place. */
  open(pieceIndex: number, suspects?: ReadonlySet<SourceId>): OpenPiece {
    const { geometry } = this;
    const buffer = this.budget.takeBuffer()?.subarray(0, geometry.pieceLength(pieceIndex));
    const piece = this.#insert(pieceIndex, buffer);
    piece.suspects = suspects;
    if (geometry.hasPadding) buffer?.fill(0);
    this.#holdPadding(piece);
    if (this.rarity.size === 0) this.onWork();
    return piece;
  }

  /** Bytes that may still be asked for: what is left of the budget, and the free blocks it has paid for. */
  get grantableBytes(): number {
    let blocks = 0;
    for (const piece of this.#withFree) blocks += piece.buffer === undefined ? 0 : piece.freeCount;
    return this.budget.usualBytes + blocks * BLOCK_LENGTH;
  }

  /** A source is asked for a block that is not held. */
  request(piece: OpenPiece, block: number, source: SourceId): void {
    if (piece.states[block] === BLOCK.free) this.#take(piece, block, BLOCK.requested);
    piece.requesters[block] = (piece.requesters[block] ?? 0) + 1;
    piece.sourceOf[block] = source;
    if (piece.buffer === undefined) this.budget.takeRequest(this.#blockLength(piece, block));
  }

  /** What request() said is void: refused, cancelled or lost. */
  unrequest(piece: OpenPiece, block: number): void {
    if (this.#open.get(piece.pieceIndex) !== piece) return;
    if (piece.buffer === undefined) this.budget.giveRequest(this.#blockLength(piece, block));
    piece.requesters[block] = (piece.requesters[block] ?? 1) - 1;
    if (piece.states[block] !== BLOCK.requested || piece.requesters[block] !== 0) return;
    piece.free(block);
    const isUnasked = piece.freeCount + piece.heldCount === piece.blockCount;
    if (isUnasked && piece.isEmpty && piece.suspects === undefined) this.#close(piece);
    else this.#withFree.add(piece);
    this.onWork();
  }

  /** A block's bytes are in the buffer, or on disk. */
  hold(piece: OpenPiece, block: number, source: SourceId): void {
    if (piece.states[block] === BLOCK.free) this.#take(piece, block, BLOCK.held);
    else piece.states[block] = BLOCK.held;
    piece.heldCount++;
    piece.sourceOf[block] = source;
  }

  /** The piece's hash is right and its bytes are stored. */
  verify(piece: OpenPiece): void {
    const wasSpent = !this.budget.hasBuffer;
    this.#remove(piece);
    this.#setVerified(piece.pieceIndex);
    if (wasSpent) this.onWork();
  }

  /** The piece's hash is wrong: it is asked for again, with suspects whole from one source that is none. */
  reject(piece: OpenPiece, suspects: ReadonlySet<SourceId> | undefined): void {
    this.#remove(piece);
    if (suspects === undefined) this.rarity.reopen(piece.pieceIndex);
    else this.open(piece.pieceIndex, suspects);
    this.onWork();
  }

  /** Ends every open piece that holds something, handing it to `save` first; for the end of a run. */
  closeAll(save: (piece: OpenPiece) => void): void {
    for (const piece of [...this.#open.values()]) {
      if (!piece.isEmpty) save(piece);
      this.#close(piece);
    }
  }

  /** Whether a source may be asked for blocks of an open piece that had a wrong hash before. */
  maySupply(piece: OpenPiece, source: Source): boolean {
    if (piece.suspects === undefined) return true;
    if (piece.soleSource !== undefined) return piece.soleSource === source.id;
    return !piece.suspects.has(source.id) || !this.#hasBetter(piece, source);
  }

  /** Whether somebody unsuspected could supply the piece, and not much slower than this suspect. */
  #hasBetter({ pieceIndex, suspects }: OpenPiece, suspect: Source): boolean {
    for (const source of this.holdings.sources) {
      if (!source.isServing || suspects?.has(source.id) || !source.has(pieceIndex)) continue;
      if (source.bytesPerMs > suspect.bytesPerMs * MIN_SPEED_SHARE) return true;
    }
    return false;
  }

  #insert(pieceIndex: number, buffer: Uint8Array<ArrayBuffer> | undefined): OpenPiece {
    const piece = new OpenPiece(pieceIndex, this.geometry.blockCount(pieceIndex), buffer);
    this.rarity.close(pieceIndex);
    this.#open.set(pieceIndex, piece);
    this.#withFree.add(piece);
    return piece;
  }

  #close(piece: OpenPiece): void {
    this.#remove(piece);
    this.rarity.reopen(piece.pieceIndex);
  }

  #remove(piece: OpenPiece): void {
    this.#open.delete(piece.pieceIndex);
    this.#withFree.delete(piece);
    if (piece.buffer !== undefined) return this.budget.giveBuffer(piece.buffer);
    piece.requesters.forEach((requesters, block) => {
      if (requesters > 0) this.budget.giveRequest(requesters * this.#blockLength(piece, block));
    });
  }

  /** A free block becomes requested or held. */
  #take(piece: OpenPiece, block: number, state: number): void {
    piece.states[block] = state;
    piece.freeCount--;
    if (piece.freeCount === 0) this.#withFree.delete(piece);
  }

  #holdPadding(piece: OpenPiece): void {
    if (!this.geometry.hasPadding) return;
    for (let block = 0; block < piece.blockCount; block++) {
      if (this.geometry.requestLength(piece.pieceIndex, block) === 0) {
        this.hold(piece, block, LOCAL_SOURCE);
      }
    }
    piece.paddingCount = piece.heldCount;
  }

  /** Blocks that an earlier run left on disk: the piece goes on in place. */
  #restore(pieceIndex: number, blocks: Uint8Array): void {
    if (pieceIndex >= this.geometry.pieceCount || this.isVerified(pieceIndex)) return;
    const wanted = this.#wantedBlocks(pieceIndex);
    const stored = wanted.filter((block) => hasBit(blocks, block));
    // The arrival of a block is what has a piece checked: of one that is all there, a block is asked for again.
    if (stored.length === wanted.length) stored.pop();
    if (stored.length === 0) return;
    const piece = this.#insert(pieceIndex, undefined);
    this.#holdPadding(piece);
    for (const block of stored) this.hold(piece, block, LOCAL_SOURCE);
    piece.restoredCount = stored.length;
  }

  /** The blocks of a piece that are not padding alone. */
  #wantedBlocks(pieceIndex: number): number[] {
    const blocks = [...Array(this.geometry.blockCount(pieceIndex)).keys()];
    return blocks.filter((block) => this.geometry.requestLength(pieceIndex, block) > 0);
  }

  #setVerified(pieceIndex: number): void {
    this.rarity.close(pieceIndex);
    setBit(this.verified, pieceIndex);
    this.holdings.pieceVerified(pieceIndex);
    this.verifiedCount++;
    this.verifiedBytes += this.geometry.pieceLength(pieceIndex);
  }

  /** The source is out: pieces with suspects that it was to supply are for others now. */
  #releaseSole(source: Source): void {
    let hasWork = false;
    for (const piece of this.#open.values()) {
      if (piece.suspects === undefined) continue;
      if (piece.soleSource === source.id) piece.soleSource = undefined;
      hasWork = true;
    }
    if (hasWork) this.onWork();
  }

  #blockLength(piece: OpenPiece, block: number): number {
    return this.geometry.blockLength(piece.pieceIndex, block);
  }
}
