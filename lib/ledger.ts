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
 * Blocks of an open piece are free, requested or held; several sources can be asked for one block, where
 * some are slow. They are held in memory, a run of up to 64 of them in one buffer, until the run is full
 * and stored: release() gives its buffer back. A piece of which an earlier run of the program left some
 * blocks starts open.
 *
 * What makes work for idle sources (a free block, memory given back, the last piece opened) calls
 * `onWork`, so that nobody polls.
 *
 * @module
 */
import { countBits, hasBit, setBit } from "./base/bits.ts";
import type { Memory } from "./base/memory.ts";
import { SlotMap } from "./base/slot_map.ts";
import { Budget, type Need } from "./ledger/budget.ts";
import { Copies } from "./ledger/copies.ts";
import { Holdings, type Source } from "./ledger/holdings.ts";
import { holdPadding, holdStored, storedBlocks } from "./ledger/local_blocks.ts";
import { BLOCK, OpenPiece, type Run, type SourceId } from "./ledger/open_piece.ts";
import { Rarity } from "./ledger/rarity.ts";
import { bytesOf, verifiedAtStart } from "./ledger/start.ts";
import { maySupply } from "./ledger/suspicion.ts";
import { BLOCK_LENGTH, type Geometry } from "./torrent/geometry.ts";

export { BLOCK, LOCAL_SOURCE, OpenPiece, Run, type SourceId } from "./ledger/open_piece.ts";
export type { Source } from "./ledger/holdings.ts";
export type { Need } from "./ledger/budget.ts";

/** What a ledger starts from. */
export interface LedgerOptions {
  /** A bit per piece, highest first: what is verified already. */
  readonly verified?: Uint8Array;
  /** Blocks that are stored of unverified pieces: a bit per block, highest first. */
  readonly partial?: ReadonlyMap<number, Uint8Array>;
  /** Where blocks are held. @default plain memory of its own */
  readonly memory?: Memory;
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
  /** By their index, both of them. */
  readonly #open = new SlotMap<OpenPiece>();
  readonly #withFree = new SlotMap<OpenPiece>();

  /** Pieces that are padding alone are verified from the start. */
  constructor(geometry: Geometry, options: LedgerOptions = {}) {
    this.geometry = geometry;
    this.budget = new Budget(geometry, options.memory);
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
    return this.#open;
  }

  /** How many pieces are being fetched. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Those of them with a block that nobody is asked for, first who has had one longest. */
  get openWithFree(): Iterable<OpenPiece> & { readonly size: number } {
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

  /** The source has exactly these pieces: a bit per piece, checked, which are copied. */
  setHaves(source: Source, bits: Uint8Array): void {
    this.holdings.setHaves(source, bits);
    this.#releaseSole(source);
  }

  /** The source has lost a piece; its requests for it were returned before. */
  lose(source: Source, pieceIndex: number): void {
    this.holdings.removeHave(source, pieceIndex);
    this.#releaseSole(source);
  }

  /** The source serves, or has stopped to: pieces it was alone to fetch are free for others then. */
  setServing(source: Source, state: "serving" | "silent"): void {
    source.isServing = state === "serving";
    if (!source.isServing) this.#releaseSole(source);
  }

  /** Opens a missing piece. */
  open(pieceIndex: number, suspects?: ReadonlySet<SourceId>): OpenPiece {
    const piece = this.#insert(pieceIndex);
    piece.suspects = suspects;
    if (this.rarity.size === 0) this.onWork();
    return piece;
  }

  /** Whether a free block may be asked for: its run is paid for, or there is room in the budget. */
  isAffordable(piece: OpenPiece, block: number, need: Need): boolean {
    return piece.runOf(block).isBooked || this.budget.hasRoom(need);
  }

  /** A source is asked for a block that is not held; a free one must be affordable. */
  request(piece: OpenPiece, block: number, source: SourceId): void {
    if (piece.states[block] === BLOCK.free) this.#take(piece, block, BLOCK.requested);
    piece.requesters[block] = (piece.requesters[block] ?? 0) + 1;
    piece.sourceOf[block] = source;
  }

  /** What request() said is over: the block has come, or the request was refused, cancelled or lost. */
  unrequest(piece: OpenPiece, block: number): void {
    if (this.#open.get(piece.pieceIndex) !== piece) return;
    piece.requesters[block] = (piece.requesters[block] ?? 1) - 1;
    if (piece.states[block] !== BLOCK.requested || piece.requesters[block] !== 0) return;
    piece.free(block);
    const run = piece.runOf(block);
    if (run.isIdle) this.release(run);
    const isUnasked = piece.freeCount + piece.heldCount === piece.blockCount;
    if (isUnasked && piece.isEmpty && piece.suspects === undefined) this.#close(piece);
    else this.#withFree.set(piece.pieceIndex, piece);
    this.onWork();
  }

  /** Where in memory the bytes of a block belong that has come; undefined when there is no room for them. */
  place(piece: OpenPiece, block: number): number | undefined {
    const run = piece.runOf(block);
    if (!this.isAffordable(piece, block, "starved")) return undefined;
    if (!run.isBooked) this.budget.book(run);
    const isNew = run.start === undefined;
    const start = this.budget.place(run);
    if (isNew && this.geometry.hasPadding) {
      this.budget.memory.bytes.fill(0, start, start + this.#lengthOf(run));
    }
    return start + (block - run.firstBlock) * BLOCK_LENGTH;
  }

  /** A block's bytes are where they belong. */
  hold(piece: OpenPiece, block: number, source: SourceId): void {
    if (piece.states[block] === BLOCK.free) this.#take(piece, block, BLOCK.held);
    piece.hold(block, source);
  }

  /** A run is stored, or of no use any more: its memory is for others. */
  release(run: Run): void {
    const wasSpent = !this.budget.hasRoom("usual");
    this.budget.release(run);
    if (wasSpent) this.onWork();
  }

  /** The piece's hash is right and its bytes are stored. */
  verify(piece: OpenPiece): void {
    this.#remove(piece);
    this.#setVerified(piece.pieceIndex);
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
    for (const piece of [...this.#open]) {
      if (!piece.isEmpty) save(piece);
      this.#close(piece);
    }
  }

  /** Whether a source may be asked for blocks of an open piece that had a wrong hash before. */
  maySupply(piece: OpenPiece, source: Source): boolean {
    return maySupply(piece, source, this.holdings.sources);
  }

  #insert(pieceIndex: number): OpenPiece {
    const piece = new OpenPiece(pieceIndex, this.geometry.blockCount(pieceIndex));
    holdPadding(piece, this.geometry);
    this.rarity.close(pieceIndex);
    this.#open.set(pieceIndex, piece);
    this.#withFree.set(piece.pieceIndex, piece);
    return piece;
  }

  /** In bytes. */
  #lengthOf({ piece: { pieceIndex }, firstBlock, blockCount }: Run): number {
    const left = this.geometry.pieceLength(pieceIndex) - firstBlock * BLOCK_LENGTH;
    return Math.min(blockCount * BLOCK_LENGTH, left);
  }

  #close(piece: OpenPiece): void {
    this.#remove(piece);
    this.rarity.reopen(piece.pieceIndex);
  }

  #remove(piece: OpenPiece): void {
    this.#open.delete(piece.pieceIndex);
    this.#withFree.delete(piece.pieceIndex);
    for (const run of piece.runs) this.release(run);
  }

  /** A free block becomes requested or held. */
  #take(piece: OpenPiece, block: number, state: number): void {
    const run = piece.runOf(block);
    if (!run.isBooked) this.budget.book(run);
    piece.take(block, state);
    if (piece.freeCount === 0) this.#withFree.delete(piece.pieceIndex);
  }

  /** Blocks that an earlier run of the program left on disk. */
  #restore(pieceIndex: number, blocks: Uint8Array): void {
    if (pieceIndex >= this.geometry.pieceCount || this.isVerified(pieceIndex)) return;
    const stored = storedBlocks(this.geometry, pieceIndex, blocks);
    if (stored.length > 0) holdStored(this.#insert(pieceIndex), stored);
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
    for (const piece of this.#open) {
      if (piece.suspects === undefined) continue;
      if (piece.soleSource === source.id) piece.soleSource = undefined;
      hasWork = true;
    }
    if (hasWork) this.onWork();
  }
}
