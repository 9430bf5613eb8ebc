import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { BLOCK, LOCAL_SOURCE, MAX_RUN_BLOCKS, OpenPiece } from "../../lib/ledger/open_piece.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";

/** How many blocks a piece has, and how many each of its runs. */
const CUTS: readonly (readonly [number, readonly number[]])[] = [
  [1, [1]],
  [63, [63]],
  [64, [64]],
  [65, [64, 1]],
  [200, [64, 64, 64, 8]],
];

for (const [blockCount, lengths] of CUTS) {
  Deno.test(`OpenPiece cuts ${blockCount} blocks into runs of 64, the last one shorter`, () => {
    const piece = new OpenPiece(3, blockCount);
    assertEquals(piece.runs.map((run) => run.blockCount), lengths);
    let next = 0;
    for (const run of piece.runs) {
      assertEquals([run.firstBlock, run.freeCount, run.heldCount], [next, run.blockCount, 0]);
      for (; next < run.firstBlock + run.blockCount; next++) {
        assertStrictEquals(piece.runOf(next), run);
      }
      assertStrictEquals(run.piece, piece);
    }
    assertEquals(next, blockCount);
  });
}

Deno.test("a run of blocks takes 1 MiB", () => {
  assertEquals(MAX_RUN_BLOCKS * BLOCK_LENGTH, 2 ** 20);
});

Deno.test("runOf() refuses a block that there is not", () => {
  for (const block of [-1, 64, NaN]) {
    assertThrows(() => new OpenPiece(3, 10).runOf(block), RangeError);
  }
});

Deno.test("OpenPiece counts by piece and by run", () => {
  const piece = new OpenPiece(0, 66);
  const [first, second] = piece.runs;
  assert(first !== undefined && second !== undefined);
  piece.take(3, BLOCK.requested);
  piece.hold(3, 7);
  piece.hold(64, LOCAL_SOURCE);
  assertEquals([piece.freeCount, first.freeCount, second.freeCount], [64, 63, 1]);
  assertEquals([piece.heldCount, first.heldCount, second.heldCount], [2, 1, 1]);
  assertEquals([first.localCount, second.localCount], [0, 1]);
  assertEquals([first.isIdle, second.isIdle], [false, true]);
  piece.take(65, BLOCK.requested);
  assertEquals([second.isIdle, second.isFull], [false, false]);
  piece.free(65);
  assertEquals([second.isIdle, piece.freeCount, second.freeCount], [true, 64, 1]);
  piece.hold(65, 8);
  assertEquals([second.isFull, piece.isFull], [true, false]);
  assertEquals(piece.contributors(), new Set([7, 8]));
});
