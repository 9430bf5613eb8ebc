/** What must hold of a ledger after each step of a walk. */
import { assert, assertEquals } from "@std/assert";
import { emptyBits, hasBit, setBit } from "../../lib/base/bits.ts";
import { BLOCK, type Ledger, LOCAL_SOURCE, type OpenPiece, type Run } from "../../lib/ledger.ts";
import { BUDGET_BYTES } from "../../lib/ledger/budget.ts";
import { MIN_LOOKS } from "../../lib/ledger/rarity.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { markOf } from "./walk.ts";

/** Counts everything anew, and compares. */
export function checkInvariants(ledger: Ledger): void {
  const open = [...ledger.openPieces];
  for (const piece of open) checkPiece(piece);
  checkStates(ledger, open);
  checkBudget(ledger, open);
  checkHoldings(ledger);
  const withFree = open.filter(({ freeCount }) => freeCount > 0);
  assertEquals(new Set(ledger.openWithFree), new Set(withFree), "pieces with free blocks");
}

function checkPiece(piece: OpenPiece): void {
  const count = (state: number) => piece.states.filter((other) => other === state).length;
  assertEquals(piece.freeCount, count(BLOCK.free));
  assertEquals(piece.heldCount, count(BLOCK.held));
  assertEquals(piece.firstFree(), piece.states.indexOf(BLOCK.free));
  piece.states.forEach((state, block) => {
    const requesters = piece.requesters[block] ?? 0;
    if (state === BLOCK.free) assertEquals(requesters, 0);
    if (state === BLOCK.requested) assert(requesters > 0);
  });
}

/** Each piece is in exactly one state. */
function checkStates(ledger: Ledger, open: readonly OpenPiece[]): void {
  let [verifiedCount, verifiedBytes] = [0, 0];
  const missing = missingPieces(ledger);
  assertEquals(missing.size, ledger.rarity.size);
  for (let pieceIndex = 0; pieceIndex < ledger.geometry.pieceCount; pieceIndex++) {
    const isVerified = ledger.isVerified(pieceIndex);
    const states = [
      isVerified,
      ledger.openPiece(pieceIndex) !== undefined,
      missing.has(pieceIndex),
    ];
    assertEquals(states.filter((is) => is).length, 1, `states of piece ${pieceIndex}`);
    if (!isVerified) continue;
    verifiedCount++;
    verifiedBytes += ledger.geometry.pieceLength(pieceIndex);
  }
  assertEquals([ledger.verifiedCount, ledger.verifiedBytes], [verifiedCount, verifiedBytes]);
  assertEquals(ledger.isEndGame, open.length + verifiedCount === ledger.geometry.pieceCount);
}

/** Those that may be opened: whoever has but one of them is asked for it. */
function missingPieces({ geometry: { pieceCount }, rarity }: Ledger): Set<number> {
  const missing = new Set<number>();
  for (let pieceIndex = 0; pieceIndex < pieceCount; pieceIndex++) {
    const bits = emptyBits(pieceCount);
    setBit(bits, pieceIndex);
    const has = (other: number) => other === pieceIndex;
    const found = rarity.any({ isComplete: false, bits, has });
    if (found === undefined) continue;
    assertEquals(found, pieceIndex);
    missing.add(found);
  }
  return missing;
}

/** What is booked is what it must be, and what has come lies where it was put. */
function checkBudget(ledger: Ledger, open: readonly OpenPiece[]): void {
  const { budget, geometry } = ledger;
  const runs = open.flatMap((piece) => piece.runs);
  for (const run of runs) checkRun(run, ledger);
  const booked = runs.filter(({ isBooked }) => isBooked);
  const longest = Math.min(Math.ceil(geometry.maxPieceLength / 64) * 64, 64 * BLOCK_LENGTH);
  assertEquals(budget.bookedBytes, booked.length * longest);
  assert(budget.bookedBytes <= BUDGET_BYTES);
  const waiting = runs.filter(({ isWaiting }) => isWaiting);
  assert(waiting.every(({ isBooked, isFull }) => isBooked && isFull));
  assertEquals(budget.isPressed, waiting.length * longest > 2 * 1024 * 1024);
}

function checkRun(run: Run, { budget }: Ledger): void {
  const { piece, firstBlock, blockCount, start } = run;
  const blocks = Array.from({ length: blockCount }, (_, at) => firstBlock + at);
  const held = blocks.filter((block) => piece.states[block] === BLOCK.held);
  const come = held.filter((block) => piece.sourceOf[block] !== LOCAL_SOURCE);
  const requested = blocks.filter((block) => piece.states[block] === BLOCK.requested);
  assertEquals(run.heldCount, held.length);
  assertEquals(run.localCount, held.length - come.length);
  assertEquals(run.freeCount, blockCount - held.length - requested.length);
  const isIdle = come.length + requested.length === 0;
  // One that is full may be stored, and have given everything back.
  if (!run.isFull) assertEquals([run.isBooked, start === undefined], [!isIdle, come.length === 0]);
  else assertEquals(run.isBooked, start !== undefined);
  if (start === undefined) return;
  for (const block of come) {
    const mark = budget.memory.view.getUint32(start + (block - firstBlock) * BLOCK_LENGTH);
    assertEquals(mark, markOf(piece, block));
  }
}

function checkHoldings(ledger: Ledger): void {
  const { geometry: { pieceCount }, holdings, rarity, verified } = ledger;
  const pieces = [...Array(pieceCount).keys()];
  const sources = [...holdings.sources];
  for (const source of sources) {
    assertEquals(source.haveCount, pieces.filter((piece) => source.has(piece)).length);
    assertEquals(source.isComplete, source.haveCount === pieceCount);
  }
  const incomplete = sources.filter(({ isComplete }) => !isComplete);
  assertEquals(holdings.completeCount, sources.length - incomplete.length);
  const counts = pieces.map((piece) => incomplete.filter((source) => source.has(piece)).length);
  assertEquals(pieces.map((piece) => rarity.availability(piece)), counts);
  const copies = pieces.map((piece) =>
    sources.filter((source) => source.has(piece)).length + (hasBit(verified, piece) ? 1 : 0)
  );
  const least = Math.min(...copies);
  const availability = least + copies.filter((count) => count > least).length / pieceCount;
  assert(Math.abs(holdings.availability() - availability) < 1e-9, "availability");
}

/** What a source is good for; apart from the others, because to ask is to have the source count. */
export function checkInterest(ledger: Ledger): void {
  const { geometry: { pieceCount }, holdings, rarity, verified } = ledger;
  for (const source of holdings.sources) {
    const pieces = [...Array(pieceCount).keys()].filter((piece) => source.has(piece));
    const useful = pieces.filter((piece) => !hasBit(verified, piece)).length;
    for (const count of [useful + 1, useful, 1, 0]) {
      assertEquals(source.hasUseful(count), useful >= count);
    }
    assertEquals([source.usefulCount, source.isUseful], [useful, useful > 0]);
    const missing = missingPieces(ledger).intersection(new Set(pieces));
    const found = rarity.rarest(source);
    if (found === undefined) assertEquals(missing.size, 0);
    else if (pieceCount <= MIN_LOOKS) {
      const counts = [...missing].map((piece) => rarity.availability(piece));
      assertEquals(rarity.availability(found), Math.min(...counts));
    }
    assert(found === undefined || missing.has(found));
  }
}
