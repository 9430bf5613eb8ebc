import { assert, assertEquals } from "@std/assert";
import { countBits, hasBit } from "../lib/base/bits.ts";
import { BLOCK, type Ledger, LOCAL_SOURCE, type OpenPiece } from "../lib/ledger.ts";
import { BLOCK_LENGTH } from "../lib/torrent/geometry.ts";
import {
  addSource,
  bitsOf,
  KIB,
  makeLedger,
  paddedGeometry,
  plainGeometry,
} from "./support/torrents.ts";

function openPiece(ledger: Ledger, pieceIndex: number): OpenPiece {
  const piece = ledger.openPiece(pieceIndex);
  assert(piece !== undefined, `piece ${pieceIndex} is open`);
  return piece;
}

/** Asks for every free block of a piece, and holds it. */
function fill(ledger: Ledger, piece: OpenPiece, source: number): void {
  for (let block = piece.firstFree(); block !== -1; block = piece.firstFree()) {
    ledger.request(piece, block, source);
    ledger.hold(piece, block, source);
    ledger.unrequest(piece, block);
  }
}

/** Whether `act` wakes idle sources. */
function wakes(ledger: Ledger, act: () => void): boolean {
  let isWoken = false;
  ledger.onWork = () => isWoken = true;
  act();
  ledger.onWork = () => {};
  return isWoken;
}

Deno.test("Ledger goes from missing to verified, and counts", () => {
  const ledger = makeLedger(plainGeometry(100 * KIB, 64 * KIB));
  const source = addSource(ledger);
  assertEquals([ledger.leftBytes, source.usefulCount, ledger.isEndGame], [100 * KIB, 2, false]);
  for (const pieceIndex of [1, 0]) {
    const piece = ledger.open(pieceIndex);
    fill(ledger, piece, source.id);
    assert(piece.isFull);
    ledger.verify(piece);
  }
  assert(ledger.isComplete);
  assertEquals([ledger.leftBytes, source.usefulCount], [0, 0]);
  assertEquals(ledger.verified, bitsOf(2, [0, 1]));
  assertEquals(ledger.budget.bookedBytes, 0);
});

Deno.test("Ledger of nothing is complete", () => {
  assert(makeLedger(plainGeometry(0, 16 * KIB)).isComplete);
});

Deno.test("unrequest() of the last block of a piece that holds nothing makes it missing", () => {
  const ledger = makeLedger(plainGeometry(64 * KIB, 32 * KIB));
  const piece = ledger.open(0);
  ledger.request(piece, 0, 1);
  ledger.request(piece, 1, 2);
  ledger.unrequest(piece, 0);
  assertEquals(openPiece(ledger, 0), piece);
  assertEquals(ledger.budget.bookedBytes, 32 * KIB);
  assert(wakes(ledger, () => ledger.unrequest(piece, 1)));
  assertEquals(ledger.openPiece(0), undefined);
  assertEquals([ledger.rarity.size, ledger.budget.bookedBytes], [2, 0]);
});

Deno.test("unrequest() of the last block of a piece that holds but padding makes it missing", () => {
  const ledger = makeLedger(paddedGeometry([20 * KIB, -44 * KIB, 1], 64 * KIB));
  const piece = ledger.open(0);
  ledger.request(piece, 0, 1);
  ledger.unrequest(piece, 0);
  assertEquals([ledger.openPiece(0), ledger.budget.bookedBytes], [undefined, 0]);
});

Deno.test("unrequest() frees a block only when nobody is asked for it any more", () => {
  const ledger = makeLedger(plainGeometry(32 * KIB, 32 * KIB));
  const piece = ledger.open(0);
  for (const [block, source] of [[0, 1], [1, 1], [0, 2]] as const) {
    ledger.request(piece, block, source);
  }
  assert(!wakes(ledger, () => ledger.unrequest(piece, 0)));
  assertEquals(piece.states[0], BLOCK.requested);
  assert(wakes(ledger, () => ledger.unrequest(piece, 0)));
  assertEquals([piece.states[0], piece.freeCount], [BLOCK.free, 1]);
});

Deno.test("unrequest() of a piece that is open anew changes nothing of it", () => {
  const ledger = makeLedger(plainGeometry(32 * KIB, 32 * KIB));
  const old = ledger.open(0);
  fill(ledger, old, 1);
  ledger.reject(old, undefined);
  const piece = ledger.open(0);
  ledger.request(piece, 0, 2);
  ledger.unrequest(old, 0);
  assertEquals([piece.requesters[0], piece.states[0]], [1, BLOCK.requested]);
});

Deno.test("reject() with suspects opens the piece again at once, without them to be missing", () => {
  const ledger = makeLedger(plainGeometry(32 * KIB, 16 * KIB));
  for (const suspects of [undefined, new Set([1])]) {
    const piece = ledger.openPiece(0) ?? ledger.open(0);
    fill(ledger, piece, 1);
    assert(wakes(ledger, () => ledger.reject(piece, suspects)));
    assertEquals(ledger.openPiece(0)?.suspects, suspects);
    assertEquals(ledger.rarity.size, suspects === undefined ? 2 : 1);
  }
});

Deno.test("Ledger goes on with blocks that an earlier run left, which take no memory", () => {
  const partial = new Map([[1, bitsOf(4, [0, 2])]]);
  const ledger = makeLedger(plainGeometry(200 * KIB, 64 * KIB), { partial });
  const piece = openPiece(ledger, 1);
  assertEquals([...piece.states], [BLOCK.held, BLOCK.free, BLOCK.held, BLOCK.free]);
  assertEquals([piece.restoredCount, piece.runOf(0).start, ledger.rarity.size], [2, undefined, 3]);
  assertEquals(piece.contributors(), new Set());
  assertEquals(ledger.budget.bookedBytes, 0);
});

Deno.test("Ledger takes no notice of blocks of pieces that are verified or do not exist", () => {
  const partial = new Map([[0, bitsOf(1, [0])], [9, bitsOf(1, [0])]]);
  const ledger = makeLedger(plainGeometry(64 * KIB, 32 * KIB), {
    verified: bitsOf(2, [0]),
    partial,
  });
  assertEquals([...ledger.openPieces], []);
  assertEquals([ledger.verifiedCount, ledger.verifiedBytes], [1, 32 * KIB]);
});

Deno.test("Ledger asks again for one block of a piece of which an earlier run left all", () => {
  const geometry = paddedGeometry([40 * KIB, -24 * KIB, 64 * KIB, 16 * KIB], 64 * KIB);
  const partial = new Map([0, 1, 2].map((pieceIndex) => [pieceIndex, new Uint8Array([0xff])]));
  const ledger = makeLedger(geometry, { partial });
  const states = [...ledger.openPieces].map((piece) => [...piece.states]);
  const { free, held } = BLOCK;
  assertEquals(states, [[held, held, free, held], [held, held, held, free]]);
  assertEquals([ledger.rarity.size, [...ledger.openWithFree].length], [1, 2]);
});

Deno.test("Ledger opens no piece of which an earlier run left padding only", () => {
  const geometry = paddedGeometry([20 * KIB, -44 * KIB, 1], 64 * KIB);
  const ledger = makeLedger(geometry, { partial: new Map([[0, bitsOf(4, [2, 3])]]) });
  assertEquals([...ledger.openPieces], []);
});

Deno.test("Ledger takes pieces of padding alone as they are: there is nothing to ask for", () => {
  const geometry = paddedGeometry([10 * KIB, -(32 + 22) * KIB, 32 * KIB, -32 * KIB], 32 * KIB);
  const ledger = makeLedger(geometry);
  assertEquals([...Array(4).keys()].filter((index) => ledger.isVerified(index)), [1, 3]);
  assertEquals([ledger.leftBytes, ledger.rarity.size, ledger.verifiedCount], [64 * KIB, 2, 2]);
});

Deno.test("setServing() and removeSource() wake those who may supply a piece from then on", () => {
  const ledger = makeLedger(plainGeometry(32 * KIB, 32 * KIB));
  const [first, second] = [addSource(ledger), addSource(ledger)];
  assert(!wakes(ledger, () => ledger.setServing(first, "silent")));
  ledger.open(0, new Set([99]));
  assert(wakes(ledger, () => ledger.setServing(first, "silent")));
  assert(wakes(ledger, () => ledger.removeSource(second)));
});

Deno.test("closeAll() hands on what holds something, and gives everything back", () => {
  const ledger = makeLedger(plainGeometry(64 * KIB, 16 * KIB));
  const [held, asked] = [ledger.open(0), ledger.open(3)];
  fill(ledger, held, 1);
  ledger.request(asked, 0, 1);
  const saved: OpenPiece[] = [];
  ledger.closeAll((piece) => saved.push(piece));
  assertEquals(saved, [held]);
  assertEquals([ledger.rarity.size, ledger.budget.bookedBytes], [4, 0]);
  assertEquals([...ledger.openWithFree], []);
});

Deno.test("availability() counts whole copies, ours included", () => {
  const ledger = makeLedger(plainGeometry(64 * KIB, 16 * KIB), { verified: bitsOf(4, [3]) });
  assertEquals(ledger.holdings.availability(), 0.25);
  addSource(ledger, [0, 1]);
  assertEquals(ledger.holdings.availability(), 0.75);
  addSource(ledger);
  const partial = addSource(ledger, [2]);
  assertEquals(ledger.holdings.availability(), 2);
  ledger.removeSource(partial);
  assertEquals(ledger.holdings.availability(), 1.75);
});

Deno.test("addHave() of the last piece makes a source one number", () => {
  const ledger = makeLedger(plainGeometry(64 * KIB, 16 * KIB));
  const source = addSource(ledger, [0, 1, 2]);
  assert(ledger.holdings.addHave(source, 3));
  assert(!ledger.holdings.addHave(source, 3));
  assertEquals([source.isComplete, source.bits, source.usefulCount], [true, undefined, 4]);
  assertEquals(ledger.holdings.completeCount, 1);
  assertEquals([0, 1, 2, 3].map((piece) => ledger.rarity.availability(piece)), [0, 0, 0, 0]);
});

Deno.test("setHaves() replaces what the source had, complete or not", () => {
  const ledger = makeLedger(plainGeometry(64 * KIB, 16 * KIB));
  const source = addSource(ledger);
  ledger.holdings.setHaves(source, bitsOf(4, [2]));
  assertEquals([source.isComplete, source.haveCount, source.usefulCount], [false, 1, 1]);
  assertEquals([ledger.holdings.completeCount, ledger.rarity.availability(2)], [0, 1]);
  assertEquals(countBits(source.bits ?? new Uint8Array()), 1);
  assert(hasBit(source.bits, 2));
});

Deno.test("removeSource() leaves a source that has nothing", () => {
  const ledger = makeLedger(plainGeometry(64 * KIB, 16 * KIB));
  for (const pieces of [[1, 2], undefined]) {
    const source = addSource(ledger, pieces);
    ledger.removeSource(source);
    assertEquals([source.haveCount, source.usefulCount, source.isUseful], [0, 0, false]);
    assertEquals([ledger.holdings.availability(), ledger.holdings.completeCount], [0, 0]);
  }
});

Deno.test("hold() of an answer that comes late takes a free block", () => {
  const ledger = makeLedger(plainGeometry(2 * BLOCK_LENGTH, 2 * BLOCK_LENGTH));
  const piece = ledger.open(0);
  ledger.request(piece, 1, 1);
  ledger.hold(piece, 0, 2);
  assertEquals([piece.freeCount, piece.heldCount, [...ledger.openWithFree].length], [0, 1, 0]);
  assertEquals([...piece.sourceOf], [2, 1]);
  assertEquals(LOCAL_SOURCE, 0);
});
