/**
 * Who may supply a piece that had a wrong hash before: one source that had no part in it, so that the
 * right copy tells who lied (see pieces/blame.ts).
 *
 * @module
 */
import type { Source } from "./holdings.ts";
import type { OpenPiece } from "./open_piece.ts";

/**
 * How fast an unsuspected source must be, as a share of a suspect's rate, for the suspect to stand back;
 * and the one that fetches a piece, as a share of another's, to remain the only one.
 */
const MIN_SPEED_SHARE = 1 / 4;

/** Whether a source may be asked for blocks of a piece. @param sources all there are */
export function maySupply(piece: OpenPiece, source: Source, sources: Iterable<Source>): boolean {
  if (piece.suspects === undefined) return true;
  if (piece.soleSource === source.id) return true;
  if (piece.soleSource !== undefined) return isBetter(piece, source, sources);
  return !piece.suspects.has(source.id) || !hasBetter(piece, source, sources);
}

/** Whether an unsuspected source is much faster than the one that fetches the piece. */
function isBetter(
  { suspects, soleSource }: OpenPiece,
  source: Source,
  sources: Iterable<Source>,
): boolean {
  if (suspects?.has(source.id)) return false;
  for (const { id, bytesPerMs } of sources) {
    // Of one that was asked a moment ago, nothing is known yet.
    if (id === soleSource) {
      return bytesPerMs > 0 && bytesPerMs < source.bytesPerMs * MIN_SPEED_SHARE;
    }
  }
  return false;
}

/** Whether somebody unsuspected could supply the piece, and not much slower than this suspect. */
function hasBetter(
  { pieceIndex, suspects }: OpenPiece,
  suspect: Source,
  sources: Iterable<Source>,
): boolean {
  for (const source of sources) {
    if (!source.isServing || suspects?.has(source.id) || !source.has(pieceIndex)) continue;
    if (source.bytesPerMs > suspect.bytesPerMs * MIN_SPEED_SHARE) return true;
  }
  return false;
}
