/**
 * The block table of one piece that is being fetched. Only the ledger changes it.
 *
 * @module
 */

/** Who delivered or is asked for a block: a peer's connection now, other kinds of source later. */
export type SourceId = number;

/** The source of what was there already: padding, and blocks that an earlier run left on disk. */
export const LOCAL_SOURCE: SourceId = 0;

/** The state of one block. */
export const BLOCK = { free: 0, requested: 1, held: 2 } as const;

/** How many blocks share a buffer at most: a longer piece is stored in several runs, 1 MiB each. */
export const MAX_RUN_BLOCKS = 64;

/**
 * Consecutive blocks of one piece that share a buffer, and are stored together once all are held. Its
 * share of the budget is booked with the first request; its buffer is taken with the first block.
 */
export class Run {
  /** The piece that it is a part of. */
  readonly piece: OpenPiece;
  /** Counted in the piece; a multiple of MAX_RUN_BLOCKS. */
  readonly firstBlock: number;
  /** Of MAX_RUN_BLOCKS, but for the last run of a piece. */
  readonly blockCount: number;
  /** How many of its blocks are neither requested nor held. */
  freeCount: number;
  /** How many are held. */
  heldCount = 0;
  /** How many of those were there already, as padding or on disk. */
  localCount = 0;
  /** Whether a share of the budget is set aside for it. */
  isBooked = false;
  /** Whether it is full and waits to be stored. */
  isWaiting = false;
  /** Where its bytes lie in memory, from the first block on until it is stored. */
  start: number | undefined;

  /** Made by its piece; every block is free. */
  constructor(piece: OpenPiece, firstBlock: number, blockCount: number) {
    this.piece = piece;
    this.firstBlock = firstBlock;
    this.blockCount = blockCount;
    this.freeCount = blockCount;
  }

  /** Whether every block is held. */
  get isFull(): boolean {
    return this.heldCount === this.blockCount;
  }

  /** Whether nothing of it is asked for, and nothing has come. */
  get isIdle(): boolean {
    return this.freeCount + this.localCount === this.blockCount;
  }
}

/** A piece of which some block is asked for or held. */
export class OpenPiece {
  /** From 0, in the torrent's order. */
  readonly pieceIndex: number;
  /** At least 1; all of BLOCK_LENGTH but the last. */
  readonly blockCount: number;
  /** All its blocks, in order. */
  readonly runs: readonly Run[];
  /** A BLOCK state per block. */
  readonly states: Uint8Array;
  /** How many sources are asked for each block: above 1 only where some are slow (see blocks/doubling.ts). */
  readonly requesters: Uint8Array;
  /** Who delivered each held block; of a requested one, who was asked last. */
  readonly sourceOf: Uint32Array;
  /** How many blocks are neither requested nor held. */
  freeCount: number;
  /** How many blocks are in memory or on disk; those of padding alone count. */
  heldCount = 0;
  /** How many of the held blocks are padding alone. */
  paddingCount = 0;
  /** How many held blocks an earlier run of the program left on disk, unverified. */
  restoredCount = 0;
  /** Sources of earlier attempts that ended in a wrong hash: while there are any, one source fetches the whole. */
  suspects: ReadonlySet<SourceId> | undefined;
  /** With suspects: the one source that may be asked, unless another is much faster (see suspicion.ts). */
  soleSource: SourceId | undefined;
  /** No block before this one is free: a long piece is not searched from its start each time. */
  #freeFrom = 0;

  /** Every block is free. */
  constructor(pieceIndex: number, blockCount: number) {
    this.pieceIndex = pieceIndex;
    this.blockCount = blockCount;
    this.states = new Uint8Array(blockCount);
    this.requesters = new Uint8Array(blockCount);
    this.sourceOf = new Uint32Array(blockCount);
    this.freeCount = blockCount;
    const runs: Run[] = [];
    for (let first = 0; first < blockCount; first += MAX_RUN_BLOCKS) {
      runs.push(new Run(this, first, Math.min(MAX_RUN_BLOCKS, blockCount - first)));
    }
    this.runs = runs;
  }

  /** Whether every block is held. */
  get isFull(): boolean {
    return this.heldCount === this.blockCount;
  }

  /** Whether nothing of it has come. */
  get isEmpty(): boolean {
    return this.heldCount === this.paddingCount;
  }

  /** The run that a block belongs to. @throws {RangeError} when there is no such block */
  runOf(block: number): Run {
    const run = this.runs[Math.floor(block / MAX_RUN_BLOCKS)];
    if (run === undefined) throw new RangeError(`Piece ${this.pieceIndex} has no block ${block}`);
    return run;
  }

  /** The first block that nobody is asked for; -1 when there is none. */
  firstFree(): number {
    const block = this.states.indexOf(BLOCK.free, this.#freeFrom);
    this.#freeFrom = block === -1 ? this.blockCount : block;
    return block;
  }

  /** A free block is asked for, or held. */
  take(block: number, state: number): void {
    this.states[block] = state;
    this.freeCount--;
    this.runOf(block).freeCount--;
  }

  /** Nobody is asked for the block any more. */
  free(block: number): void {
    this.states[block] = BLOCK.free;
    this.freeCount++;
    this.runOf(block).freeCount++;
    this.#freeFrom = Math.min(this.#freeFrom, block);
  }

  /** A block that was free or asked for has come, or was there already. */
  hold(block: number, source: SourceId): void {
    if (this.states[block] === BLOCK.free) this.take(block, BLOCK.held);
    else this.states[block] = BLOCK.held;
    this.sourceOf[block] = source;
    this.heldCount++;
    const run = this.runOf(block);
    run.heldCount++;
    if (source === LOCAL_SOURCE) run.localCount++;
  }

  /** A block that was held is gone: it counts as asked for once more, which is to be taken back. */
  lose(block: number): void {
    this.states[block] = BLOCK.requested;
    this.requesters[block] = (this.requesters[block] ?? 0) + 1;
    this.heldCount--;
    this.runOf(block).heldCount--;
  }

  /** Everybody who delivered a block of a full piece. */
  contributors(): Set<SourceId> {
    const sources = new Set(this.sourceOf);
    sources.delete(LOCAL_SOURCE);
    return sources;
  }
}
