/**
 * The choice of the next blocks to ask one source for. Knows the ledger, not the network.
 *
 * 1. Blocks that nobody is asked for, of pieces that are open already: a piece counts only when it is
 *    whole. First those that have waited longest.
 * 2. A new piece, while the budget allows: at random until a few are verified, to have something to give
 *    soon, then the rarest.
 * 3. In end game, when no piece is left to open: blocks that slower sources are asked for, first those
 *    that only one is.
 *
 * A piece that had a wrong hash is asked whole from one source (see pieces/blame.ts).
 *
 * @module
 */
import { BLOCK, type Ledger, type Need, type OpenPiece, type Source } from "../ledger.ts";

/** How many pieces are picked at random before rarity counts. */
const RANDOM_FIRST_PIECES = 4;

/** How many sources are asked for one block in end game. */
export const MAX_REQUESTERS = 3;

/** How the picker sees the source it picks for. */
export interface PickOptions {
  readonly ledger: Ledger;
  readonly source: Source;
  /** How many blocks to pick at most. */
  readonly count: number;
  /** `starved` when the source has had nothing to do for long, for want of room that others take. */
  readonly need: Need;
  /** In end game: whether it is worth asking this source for a block that others are asked for. */
  readonly isWorthDoubling: (piece: OpenPiece, block: number) => boolean;
  /** Called for each block picked; the ledger has booked it. */
  readonly ask: (piece: OpenPiece, block: number) => void;
}

/** Picks blocks for one source, and books them in the ledger. @returns how many */
export function pickBlocks(options: PickOptions): number {
  let left = options.count;
  // Whoever has found something is not starving.
  const need = () => left === options.count ? options.need : "usual";
  for (const piece of options.ledger.openWithFree) {
    if (left === 0) return options.count;
    if (maySupply(piece, options)) left -= takeFree(piece, left, { ...options, need: need() });
  }
  while (left > 0) {
    const piece = openNext(options, need());
    if (piece === undefined) break;
    left -= takeFree(piece, left, { ...options, need: need() });
  }
  if (left > 0 && options.ledger.isEndGame) left -= double(left, options);
  return options.count - left;
}

function maySupply(piece: OpenPiece, { ledger, source }: PickOptions): boolean {
  if (!source.has(piece.pieceIndex) || !ledger.maySupply(piece, source)) return false;
  return piece.suspects === undefined || source.isServing;
}

function takeFree(piece: OpenPiece, count: number, options: PickOptions): number {
  const { ledger, source, need, ask } = options;
  let taken = 0;
  while (taken < count && piece.freeCount > 0) {
    const block = piece.firstFree();
    if (!ledger.isAffordable(piece, block, taken === 0 ? need : "usual")) break;
    if (piece.suspects !== undefined) piece.soleSource = source.id;
    ledger.request(piece, block, source.id);
    ask(piece, block);
    taken++;
  }
  return taken;
}

function openNext({ ledger, source }: PickOptions, need: Need): OpenPiece | undefined {
  if (!ledger.budget.hasRoom(need) || !mayOpen(ledger, source)) return undefined;
  const isFirst = ledger.verifiedCount < RANDOM_FIRST_PIECES;
  const pieceIndex = isFirst ? ledger.rarity.any(source) : ledger.rarity.rarest(source);
  return pieceIndex === undefined ? undefined : ledger.open(pieceIndex);
}

/** Whether the source has a missing piece: spares a search through all that it has. */
function mayOpen(ledger: Ledger, source: Source): boolean {
  if (ledger.isEndGame) return false;
  if (source.hasUseful(ledger.openCount + 1)) return true;
  let { usefulCount } = source;
  for (const piece of ledger.openPieces) {
    if (source.has(piece.pieceIndex) && --usefulCount === 0) return false;
  }
  return usefulCount > 0;
}

/** Asks this source for what slower ones are asked for, first what only one is. */
function double(count: number, options: PickOptions): number {
  let taken = 0;
  for (let requesters = 1; requesters < MAX_REQUESTERS; requesters++) {
    for (const piece of options.ledger.openPieces) {
      if (taken === count) return taken;
      if (maySupply(piece, options)) taken += doubleIn(piece, requesters, count - taken, options);
    }
  }
  return taken;
}

function doubleIn(
  piece: OpenPiece,
  requesters: number,
  count: number,
  options: PickOptions,
): number {
  const { ledger, source, isWorthDoubling, ask } = options;
  let taken = 0;
  let block = piece.states.indexOf(BLOCK.requested);
  for (; block !== -1 && taken < count; block = piece.states.indexOf(BLOCK.requested, block + 1)) {
    if (piece.requesters[block] !== requesters || !isWorthDoubling(piece, block)) continue;
    ledger.request(piece, block, source.id);
    ask(piece, block);
    taken++;
  }
  return taken;
}
