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

/** A piece of which some block is asked for or held. */
export class OpenPiece {
  /** From 0, in the torrent's order. */
  readonly pieceIndex: number;
  /** At least 1; all of BLOCK_LENGTH but the last. */
  readonly blockCount: number;
  /** The piece's bytes while they are in memory; without it every block is on disk, in place, unverified. */
  buffer: Uint8Array<ArrayBuffer> | undefined;
  /** A BLOCK state per block. */
  readonly states: Uint8Array;
  /** How many sources are asked for each block: above 1 only in end game. */
  readonly requesters: Uint8Array;
  /** Who delivered each held block; of a requested one, who was asked last. */
  readonly sourceOf: Uint32Array;
  /** How many blocks are neither requested nor held. */
  freeCount: number;
  /** How many blocks are in the buffer or on disk; those of padding alone count. */
  heldCount = 0;
  /** How many of the held blocks are padding alone. */
  paddingCount = 0;
  /** How many held blocks an earlier run left on disk, unverified. */
  restoredCount = 0;
  /** Sources of earlier attempts that ended in a wrong hash: while there are any, one source fetches the whole. */
  suspects: ReadonlySet<SourceId> | undefined;
  /** With suspects: the one source that may be asked. */
  soleSource: SourceId | undefined;
  /** No block before this one is free: a long piece is not searched from its start each time. */
  #freeFrom = 0;

  /** Every block is free. The buffer, if any, is as long as the piece. */
  constructor(pieceIndex: number, blockCount: number, buffer: Uint8Array<ArrayBuffer> | undefined) {
    this.pieceIndex = pieceIndex;
    this.blockCount = blockCount;
    this.buffer = buffer;
    this.states = new Uint8Array(blockCount);
    this.requesters = new Uint8Array(blockCount);
    this.sourceOf = new Uint32Array(blockCount);
    this.freeCount = blockCount;
  }

  /** Whether every block is held. */
  get isFull(): boolean {
    return this.heldCount === this.blockCount;
  }

  /** Whether nothing of it has come. */
  get isEmpty(): boolean {
    return this.heldCount === this.paddingCount;
  }

  /** The first block that nobody is asked for; -1 when there is none. */
  firstFree(): number {
    const block = this.states.indexOf(BLOCK.free, this.#freeFrom);
    this.#freeFrom = block === -1 ? this.blockCount : block;
    return block;
  }

  /** Nobody is asked for the block any more. */
  free(block: number): void {
    this.states[block] = BLOCK.free;
    this.freeCount++;
    this.#freeFrom = Math.min(this.#freeFrom, block);
  }

  /** Everybody who delivered a block of a full piece. */
  contributors(): Set<SourceId> {
    const sources = new Set(this.sourceOf);
    sources.delete(LOCAL_SOURCE);
    return sources;
  }
}
