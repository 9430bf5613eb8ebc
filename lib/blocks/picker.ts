/**
 * The choice of the next blocks to ask one source for. Knows the ledger, not the network.
 *
 * 1. Blocks that nobody is asked for, of pieces that are open already: a piece counts only when it is
 *    whole. First those that have waited longest.
 * 2. A new piece, while the budget allows: at random until a few are verified, to have something to give
 *    soon, then the rarest.
 * 3. In end game, when no piece is left to open, or when the budget is spent: blocks that slower sources
 *    are asked for, first those that only one is.
 *
 * A piece that had a wrong hash is asked whole from one source (see pieces/blame.ts).
 *
 * @module
 */
import { BLOCK, type Ledger, type Need, type OpenPiece, type Source } from "../ledger.ts";
import { type Helper, MAX_REQUESTERS } from "./doubling.ts";

/** How many pieces are picked at random before rarity counts. */
const RANDOM_FIRST_PIECES = 4;

/** How many draws to find a piece that falls to us: with up to a dozen of our kind, mostly enough. */
const MAX_DRAWS = 32;

/** Whom the picker picks for. */
export interface Asker {
  readonly ledger: Ledger;
  readonly source: Source;
  /** Whether it is worth asking this source for what others are asked for. */
  readonly doubling: Helper;
  /** Whether to fetch a piece that nobody has but seeds, before those that others of our kind will fetch. */
  isOurs(pieceIndex: number): boolean;
  /** Called for each block picked; the ledger has booked it. */
  ask(piece: OpenPiece, block: number): void;
}

/**
 * Picks up to `count` blocks for one source, and books them in the ledger.
 *
 * @param need `starved` when the source has had nothing to do for long, for want of room that others take
 * @returns how many
 */
export function pickBlocks(asker: Asker, count: number, need: Need): number {
  const pick = new Pick(asker, count, need);
  pick.fromOpen();
  pick.fromMissing();
  pick.doubled();
  return count - pick.left;
}

/**
 * The same among some pieces only, which a peer gives though it chokes us (BEP 6).
 *
 * @returns how many
 */
export function pickAmong(
  asker: Asker,
  pieceIndices: Iterable<number>,
  { count, need }: { readonly count: number; readonly need: Need },
): number {
  const pick = new Pick(asker, count, need);
  for (const pieceIndex of pieceIndices) pick.from(pieceIndex);
  return count - pick.left;
}

/** One source's turn. */
class Pick {
  /** How many blocks are still to be picked. */
  left: number;
  readonly #asker: Asker;
  readonly #ledger: Ledger;
  readonly #source: Source;
  #need: Need;

  constructor(asker: Asker, count: number, need: Need) {
    this.#asker = asker;
    this.#ledger = asker.ledger;
    this.#source = asker.source;
    this.left = count;
    this.#need = need;
  }

  /** Blocks that nobody is asked for, of pieces that are open. */
  fromOpen(): void {
    for (const piece of this.#ledger.openWithFree) {
      if (this.left === 0) return;
      if (this.#maySupply(piece)) this.#takeFree(piece);
    }
  }

  /** Blocks of one piece that nobody is asked for. */
  from(pieceIndex: number): void {
    const { budget } = this.#ledger;
    if (this.left === 0 || !this.#source.has(pieceIndex)) return;
    if (this.#ledger.isVerified(pieceIndex)) return;
    const open = this.#ledger.openPiece(pieceIndex);
    if (open === undefined && !budget.hasRoom(this.#need)) return;
    const piece = open ?? this.#ledger.open(pieceIndex);
    if (this.#maySupply(piece)) this.#takeFree(piece);
  }

  /** Blocks of new pieces. */
  fromMissing(): void {
    while (this.left > 0) {
      const piece = this.#openNext();
      if (piece === undefined) return;
      this.#takeFree(piece);
    }
  }

  /**
   * What slower sources are asked for, first what only one is: when there is nothing else to ask for, or no
   * room. A few slow ones would keep all of that, with a block or two of every run, and the quick ones idle.
   */
  doubled(): void {
    const { isEndGame, budget } = this.#ledger;
    if (this.left === 0 || (!isEndGame && budget.hasRoom("usual"))) return;
    if (!this.#asker.doubling.mayHelp()) return;
    for (let requesters = 1; requesters < MAX_REQUESTERS; requesters++) {
      for (const piece of this.#ledger.openPieces) {
        if (this.left === 0) return;
        if (this.#maySupply(piece)) this.#double(piece, requesters);
      }
    }
  }

  #maySupply(piece: OpenPiece): boolean {
    const source = this.#source;
    if (!source.has(piece.pieceIndex) || !this.#ledger.maySupply(piece, source)) return false;
    return piece.suspects === undefined || source.isServing;
  }

  #takeFree(piece: OpenPiece): void {
    while (this.left > 0 && piece.freeCount > 0) {
      const block = this.#firstAffordable(piece);
      if (block === undefined) return;
      if (piece.suspects !== undefined) piece.soleSource = this.#source.id;
      this.#ask(piece, block);
    }
  }

  /** The first free block; where there is no room for that, of a run that is paid for. */
  #firstAffordable(piece: OpenPiece): number | undefined {
    const first = piece.firstFree();
    if (this.#ledger.isAffordable(piece, first, this.#need)) return first;
    const run = piece.runs.find(({ isBooked, freeCount }) => isBooked && freeCount > 0);
    return run === undefined ? undefined : piece.states.indexOf(BLOCK.free, run.firstBlock);
  }

  #openNext(): OpenPiece | undefined {
    const { budget, verifiedCount, rarity } = this.#ledger;
    if (!budget.hasRoom(this.#need) || !mayOpen(this.#ledger, this.#source)) return undefined;
    const isFirst = verifiedCount < RANDOM_FIRST_PIECES;
    const pieceIndex = isFirst ? rarity.any(this.#source) : this.#rarest();
    return pieceIndex === undefined ? undefined : this.#ledger.open(pieceIndex);
  }

  /** The rarest; among those that only seeds have, one that falls to us, if a few draws find one. */
  #rarest(): number | undefined {
    const { rarity } = this.#ledger;
    const first = rarity.rarest(this.#source);
    if (!this.#source.isComplete) return first;
    let drawn = first;
    for (let left = MAX_DRAWS; drawn !== undefined && left > 0; left--) {
      if (rarity.availability(drawn) > 0) return first;
      if (this.#asker.isOurs(drawn)) return drawn;
      drawn = rarity.rarest(this.#source);
    }
    return first;
  }

  #double(piece: OpenPiece, requesters: number): void {
    const { states } = piece;
    for (
      let block = states.indexOf(BLOCK.requested);
      block !== -1 && this.left > 0;
      block = states.indexOf(BLOCK.requested, block + 1)
    ) {
      if (piece.requesters[block] !== requesters) continue;
      if (this.#asker.doubling.helpsWith(piece, block)) this.#ask(piece, block);
    }
  }

  #ask(piece: OpenPiece, block: number): void {
    this.#ledger.request(piece, block, this.#source.id);
    this.#asker.ask(piece, block);
    this.left--;
    // Whoever has found something is not starving.
    this.#need = "usual";
  }
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
