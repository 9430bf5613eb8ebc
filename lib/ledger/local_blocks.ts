/**
 * Blocks that are there from the start: padding, and what an earlier run of the program left on disk.
 *
 * @module
 */
import { hasBit } from "../base/bits.ts";
import type { Geometry } from "../torrent/geometry.ts";
import { LOCAL_SOURCE, type OpenPiece } from "./open_piece.ts";

/** Holds the blocks of a piece that are padding alone. */
export function holdPadding(piece: OpenPiece, geometry: Geometry): void {
  if (!geometry.hasPadding) return;
  for (let block = 0; block < piece.blockCount; block++) {
    if (geometry.requestLength(piece.pieceIndex, block) > 0) continue;
    piece.hold(block, LOCAL_SOURCE);
    piece.paddingCount++;
  }
}

/** Holds these blocks of a piece, which are on disk. */
export function holdStored(piece: OpenPiece, blocks: readonly number[]): void {
  for (const block of blocks) piece.hold(block, LOCAL_SOURCE);
  piece.restoredCount = blocks.length;
}

/**
 * The blocks of a piece that are on disk and need not be asked for. Not all of them: the arrival of a
 * block is what has a piece checked, so that of one that is all there, a block is asked for again.
 *
 * @param blocks a bit per block, highest first
 */
export function storedBlocks(geometry: Geometry, pieceIndex: number, blocks: Uint8Array): number[] {
  const all = [...Array(geometry.blockCount(pieceIndex)).keys()];
  const wanted = all.filter((block) => geometry.requestLength(pieceIndex, block) > 0);
  const stored = wanted.filter((block) => hasBit(blocks, block));
  if (stored.length === wanted.length) stored.pop();
  return stored;
}
