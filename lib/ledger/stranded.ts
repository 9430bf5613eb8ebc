/**
 * Runs that are begun, and that nobody can finish at present: whoever brought their first blocks has gone,
 * chokes us or stalls. What is held of them takes memory until somebody comes who has the rest, which may
 * be never: where that leaves no room for what can be fetched, they must make some.
 *
 * @module
 */
import type { Ledger } from "../ledger.ts";
import { BLOCK, LOCAL_SOURCE, type Run } from "./open_piece.ts";

/** Those that are held in part while nothing of them is asked for, of pieces that no serving source has. */
export function strandedRuns({ openWithFree, holdings }: Ledger): Run[] {
  const stranded: Run[] = [];
  for (const { pieceIndex, runs } of openWithFree) {
    const isServed = () =>
      holdings.sources.some((source) => source.isServing && source.has(pieceIndex));
    const ofPiece = runs.filter(isBegun);
    if (ofPiece.length > 0 && !isServed()) stranded.push(...ofPiece);
  }
  return stranded;
}

/** What is held of a run in memory is lost, and free to be asked for again. */
export function drop(ledger: Ledger, { piece, firstBlock, blockCount }: Run): void {
  for (let block = firstBlock; block < firstBlock + blockCount; block++) {
    if (piece.states[block] !== BLOCK.held || piece.sourceOf[block] === LOCAL_SOURCE) continue;
    // As if it were asked for, and would not come.
    piece.lose(block);
    ledger.unrequest(piece, block);
  }
}

/** Whether something of it is in memory, something is missing and nothing is asked for. */
function isBegun(run: Run): boolean {
  const { piece, firstBlock, blockCount, isBooked, isWaiting, freeCount } = run;
  if (!isBooked || isWaiting || freeCount === 0) return false;
  return piece.requesters.subarray(firstBlock, firstBlock + blockCount).every((count) =>
    count === 0
  );
}
