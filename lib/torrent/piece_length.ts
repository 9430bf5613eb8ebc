/**
 * How long the pieces of a new torrent are.
 *
 * @module
 */
import { BLOCK_LENGTH } from "./geometry.ts";
import { MAX_PIECES } from "./metainfo.ts";

/** The shortest piece that is made, in bytes: one block. */
export const MIN_NEW_PIECE_LENGTH = BLOCK_LENGTH;
/** The longest, in bytes: as long as other programs make them. */
export const MAX_NEW_PIECE_LENGTH = 256 * 1024 * 1024;

/** The longest that is chosen unasked, in bytes: a piece must be had whole before any of it is passed on. */
const USUAL_MAX_LENGTH = 16 * 1024 * 1024;
/** As many are chosen at most: their hashes, of 20 bytes each, make most of the torrent's length. */
const USUAL_MAX_COUNT = 2048;

/**
 * The usual length: the shortest power of two that makes up to 2,048 pieces, and of more than 32 GiB
 * 16 MiB, as long as there are not too many for any torrent.
 */
export function choosePieceLength(totalLength: number): number {
  const isEnough = (length: number) =>
    totalLength <= length * (length < USUAL_MAX_LENGTH ? USUAL_MAX_COUNT : MAX_PIECES);
  let length = MIN_NEW_PIECE_LENGTH;
  while (!isEnough(length) && length < MAX_NEW_PIECE_LENGTH) length *= 2;
  return length;
}

/** Whether pieces may have this length: a power of two that all clients take. */
export function isPieceLength(length: number): boolean {
  return length >= MIN_NEW_PIECE_LENGTH && length <= MAX_NEW_PIECE_LENGTH &&
    Number.isInteger(Math.log2(length));
}
