/** Where the ledger has blocks put, and what that costs of the budget. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { Holder } from "../../lib/ledger/front.ts";
import { BLOCK, type Ledger, type OpenPiece } from "../../lib/ledger.ts";
import { BLOCK_LENGTH, type Geometry } from "../../lib/torrent/geometry.ts";
import { deliver, KIB, makeLedger, paddedGeometry, plainGeometry } from "../support/torrents.ts";

const MIB = 1024 * KIB;
const SOURCE = 7;
const EVERYBODY: Holder = { isComplete: true, bits: undefined, has: () => true };

/** A block of one byte value comes. */
function come(ledger: Ledger, piece: OpenPiece, block: number, mark: number): void {
  const length = ledger.geometry.requestLength(piece.pieceIndex, block);
  deliver(ledger, { piece, block, source: SOURCE, bytes: new Uint8Array(length).fill(mark) });
}

/** All blocks of a piece come. */
function fill(ledger: Ledger, piece: OpenPiece, mark: number): void {
  for (let block = piece.firstFree(); block !== -1; block = piece.firstFree()) {
    come(ledger, piece, block, mark);
  }
}

/** What of a piece is held in memory, from its first block on. */
function bytesOf({ budget, geometry }: Ledger, { pieceIndex, runs }: OpenPiece): Uint8Array {
  const { start = NaN } = runs[0] ?? {};
  return budget.memory.bytes.subarray(start, start + geometry.pieceLength(pieceIndex));
}

/** Whether `act` wakes idle sources. */
function wakes(ledger: Ledger, act: () => void): boolean {
  let isWoken = false;
  ledger.onWork = () => isWoken = true;
  act();
  ledger.onWork = () => {};
  return isWoken;
}

/** Asks for blocks of new pieces until nothing more can be had. */
function spend(ledger: Ledger, need: "usual" | "starved"): void {
  while (ledger.budget.hasRoom(need)) {
    ledger.request(ledger.open(ledger.rarity.any(EVERYBODY) ?? NaN), 0, SOURCE);
  }
}

Deno.test("place() puts the blocks of a piece one after the other, of a short last one, too", () => {
  const ledger = makeLedger(plainGeometry(100_001, 40_000));
  for (const [pieceIndex, blockCount] of [[2, 2], [0, 3]] as const) {
    const piece = ledger.open(pieceIndex);
    assertEquals(piece.blockCount, blockCount);
    const places = [...Array(blockCount).keys()].map((block) => ledger.place(piece, block) ?? NaN);
    assertEquals(
      places,
      [...Array(blockCount).keys()].map((block) =>
        (piece.runOf(0).start ?? NaN) + block * BLOCK_LENGTH
      ),
    );
  }
});

const TORRENTS: readonly (readonly [string, Geometry])[] = [
  ["whole blocks", plainGeometry(5 * 64 * KIB, 64 * KIB)],
  ["no whole blocks", plainGeometry(5 * 40_000, 40_000)],
  ["less than a block", plainGeometry(5 * 1000, 1000)],
  ["whole blocks, with padding", paddedGeometry([20 * KIB, -44 * KIB, 4 * 64 * KIB], 64 * KIB)],
  ["no whole blocks, with padding", paddedGeometry([20_000, -20_000, 4 * 40_000], 40_000)],
  ["less than a block, with padding", paddedGeometry([10, -990, 4 * 1000], 1000)],
];

for (const [name, geometry] of TORRENTS) {
  Deno.test(`place() keeps pieces of ${name} apart, also where a buffer is used again`, () => {
    const ledger = makeLedger(geometry);
    const pieces = [4, 3, 2].map((pieceIndex) => ledger.open(pieceIndex));
    for (const [at, piece] of pieces.entries()) fill(ledger, piece, at + 1);
    const marksOf = (piece: OpenPiece) => [...new Set(bytesOf(ledger, piece))];
    assertEquals(pieces.map(marksOf), [[1], [2], [3]]);
    const [first, ...others] = pieces;
    assert(first !== undefined);
    const { start } = first.runOf(0);
    ledger.verify(first);
    const next = ledger.open(1);
    fill(ledger, next, 4);
    assertStrictEquals(next.runOf(0).start, start);
    assertEquals([next, ...others].map(marksOf), [[4], [2], [3]]);
  });
}

Deno.test("place() gives each run of a long piece a buffer of its own", () => {
  const ledger = makeLedger(plainGeometry(4 * MIB, 4 * MIB));
  const piece = ledger.open(0);
  for (const [at, block] of [64, 0, 63, 127, 128].entries()) come(ledger, piece, block, at + 1);
  assertEquals(ledger.budget.bookedBytes, 3 * MIB);
  const { bytes } = ledger.budget.memory;
  const markAt = (run: number, block: number) =>
    bytes[(piece.runs[run]?.start ?? NaN) + block * BLOCK_LENGTH];
  assertEquals([markAt(1, 0), markAt(0, 0), markAt(0, 63), markAt(1, 63)], [1, 2, 3, 4]);
  assertEquals([markAt(2, 0), piece.runs[3]?.start], [5, undefined]);
});

Deno.test("open() holds blocks of padding, and place() clears what a buffer held before", () => {
  const geometry = paddedGeometry([20 * KIB, -44 * KIB, 64 * KIB], 64 * KIB);
  const ledger = makeLedger(geometry);
  const before = ledger.open(1);
  fill(ledger, before, 0xff);
  const { start } = before.runOf(0);
  ledger.verify(before);
  const piece = ledger.open(0);
  assertEquals([...piece.states], [BLOCK.free, BLOCK.free, BLOCK.held, BLOCK.held]);
  assertEquals([piece.freeCount, piece.runOf(0).start], [2, undefined]);
  come(ledger, piece, 1, 0xaa);
  assertStrictEquals(piece.runOf(0).start, start);
  come(ledger, piece, 0, 0xbb);
  assert(piece.isFull);
  const expected = new Uint8Array(64 * KIB).fill(0xbb, 0, 16 * KIB).fill(0xaa, 16 * KIB, 20 * KIB);
  assertEquals(bytesOf(ledger, piece).slice(), expected);
  assertEquals(piece.contributors(), new Set([SOURCE]));
});

Deno.test("place() has no room for a block that comes late once the whole budget is spent", () => {
  const ledger = makeLedger(plainGeometry(40 * MIB, MIB));
  const late = ledger.open(0);
  spend(ledger, "usual");
  assert(ledger.place(late, 0) !== undefined, "it may have of what is kept back");
  const later = ledger.open(ledger.rarity.any(EVERYBODY) ?? NaN);
  spend(ledger, "starved");
  assertEquals([ledger.place(later, 0), later.runOf(0).isBooked], [undefined, false]);
  assert(ledger.place(late, 1) !== undefined, "its run is paid for");
});

Deno.test("isAffordable() is what is paid for, and what there is room for", () => {
  const ledger = makeLedger(plainGeometry(40 * MIB, MIB));
  const [paid, other] = [ledger.open(0), ledger.open(1)];
  ledger.request(paid, 0, SOURCE);
  spend(ledger, "usual");
  const affordable = (piece: OpenPiece) =>
    (["usual", "starved"] as const).map((need) => ledger.isAffordable(piece, 9, need));
  assertEquals([affordable(paid), affordable(other)], [[true, true], [false, true]]);
  spend(ledger, "starved");
  assertEquals([affordable(paid), affordable(other)], [[true, true], [false, false]]);
  assertThrows(() => ledger.request(other, 9, SOURCE), RangeError, "spent");
});

Deno.test("release() gives a stored run's memory to the next one, its piece still open", () => {
  const ledger = makeLedger(plainGeometry(3 * MIB, 3 * MIB));
  const piece = ledger.open(0);
  const [first] = piece.runs;
  assert(first !== undefined);
  for (let block = 0; block < 64; block++) come(ledger, piece, block, 1);
  const { start } = first;
  ledger.release(first);
  assertEquals([ledger.budget.bookedBytes, first.isFull, piece.heldCount], [0, true, 64]);
  come(ledger, piece, 64, 2);
  assertStrictEquals(piece.runs[1]?.start, start);
  assertEquals(ledger.budget.bookedBytes, MIB);
});

Deno.test("unrequest() of a block that came from elsewhere takes nothing of a run that is stored", () => {
  const ledger = makeLedger(plainGeometry(2 * MIB, 2 * MIB));
  const piece = ledger.open(0);
  for (const source of [1, 2]) ledger.request(piece, 0, source);
  for (let block = 0; block < 64; block++) come(ledger, piece, block, 1);
  const [first] = piece.runs;
  assert(first !== undefined);
  ledger.unrequest(piece, 0);
  ledger.release(first);
  ledger.unrequest(piece, 0);
  assertEquals(ledger.budget.bookedBytes, 0);
  assertEquals([piece.states[0], first.isBooked, piece.heldCount], [BLOCK.held, false, 64]);
});

Deno.test("unrequest() of all that a run was asked for gives back what it had, its piece still open", () => {
  const ledger = makeLedger(plainGeometry(2 * MIB, 2 * MIB));
  const piece = ledger.open(0);
  come(ledger, piece, 0, 1);
  for (const block of [64, 65]) ledger.request(piece, block, SOURCE);
  assertEquals(ledger.budget.bookedBytes, 2 * MIB);
  ledger.unrequest(piece, 64);
  assertEquals(ledger.budget.bookedBytes, 2 * MIB);
  ledger.unrequest(piece, 65);
  assertEquals([ledger.budget.bookedBytes, ledger.openPiece(0)], [MIB, piece]);
});

Deno.test("release() and verify() that give memory back wake idle sources", () => {
  const ledger = makeLedger(plainGeometry(40 * MIB, MIB));
  const first = ledger.open(0);
  assert(!wakes(ledger, () => ledger.verify(first)), "there was room before");
  spend(ledger, "usual");
  const [one, two] = ledger.openPieces;
  assert(one !== undefined && two !== undefined);
  assert(wakes(ledger, () => ledger.release(one.runOf(0))));
  spend(ledger, "usual");
  assert(wakes(ledger, () => ledger.verify(two)));
});
