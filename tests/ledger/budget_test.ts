import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { delay } from "../../lib/base/async.ts";
import { plainMemory } from "../../lib/base/memory.ts";
import { Budget, BUDGET_BYTES, budgetMemoryBytes } from "../../lib/ledger/budget.ts";
import { OpenPiece, type Run } from "../../lib/ledger/open_piece.ts";
import type { Geometry } from "../../lib/torrent/geometry.ts";
import { KIB, plainGeometry } from "../support/torrents.ts";

const MIB = 1024 * KIB;

/** Every run of a torrent. */
function* runsOf(geometry: Geometry): Generator<Run, void, undefined> {
  for (let index = 0; index < geometry.pieceCount; index++) {
    yield* new OpenPiece(index, geometry.blockCount(index)).runs;
  }
}

/** So many runs of 1 MiB. */
function longRuns(count: number): Run[] {
  return [...runsOf(plainGeometry(count * MIB, 16 * MIB))];
}

Deno.test("Budget keeps a quarter back for those who starve", () => {
  const budget = new Budget(plainGeometry(100 * MIB, MIB));
  const runs = longRuns(33);
  for (const [index, run] of runs.slice(0, 32).entries()) {
    assertEquals([budget.hasRoom("usual"), budget.hasRoom("starved")], [index < 24, true]);
    assertEquals(budget.roomBytes, (24 - index) * MIB);
    budget.book(run);
    assert(run.isBooked);
  }
  assertEquals([budget.hasRoom("usual"), budget.hasRoom("starved")], [false, false]);
  assertEquals([budget.bookedBytes, budget.roomBytes], [BUDGET_BYTES, -BUDGET_BYTES / 4]);
  const [first, last] = [runs[0], runs[32]];
  assert(first !== undefined && last !== undefined);
  assertThrows(() => budget.book(last), RangeError, "spent");
  assert(!last.isBooked);
  budget.release(first);
  budget.book(last);
});

Deno.test("Budget takes memory for a run with its first block only, and the same until it is released", () => {
  const budget = new Budget(plainGeometry(8 * MIB, MIB), plainMemory(MIB));
  const [one, two] = longRuns(2);
  assert(one !== undefined && two !== undefined);
  budget.book(one);
  budget.book(two);
  assertEquals([one.start, two.start], [undefined, undefined]);
  const start = budget.place(one);
  assertEquals([one.start, budget.place(one)], [start, start]);
  assertThrows(() => budget.place(two), RangeError, "used up");
  budget.release(one);
  assertEquals([one.start, one.isBooked, budget.bookedBytes], [undefined, false, MIB]);
  assertEquals(budget.place(two), start);
});

Deno.test("Budget releases a run once, however often it is told to", () => {
  const budget = new Budget(plainGeometry(8 * MIB, MIB));
  const [one, two, three] = longRuns(3);
  assert(one !== undefined && two !== undefined && three !== undefined);
  for (const run of [one, two]) {
    budget.book(run);
    budget.place(run);
  }
  for (let time = 0; time < 3; time++) budget.release(one);
  budget.release(three);
  assertEquals(budget.bookedBytes, MIB);
  for (const run of [one, three]) budget.book(run);
  assertNotEquals(budget.place(one), budget.place(three));
});

Deno.test("relief is to be waited for while more than 2 MiB wait for the disk", async () => {
  const budget = new Budget(plainGeometry(100 * MIB, MIB));
  const runs = longRuns(4);
  for (const run of runs.slice(0, 2)) handOver(budget, run);
  assertEquals(budget.relief(), undefined);
  for (const run of runs.slice(2)) handOver(budget, run);
  const order: number[] = [];
  for (let count = 0; count < 6; count++) budget.relief()?.then(() => order.push(count));
  const [first, second, ...others] = runs;
  assert(first !== undefined && second !== undefined);
  budget.release(first);
  await delay(0);
  assertEquals(order, [], "3 MiB");
  budget.release(second);
  await delay(0);
  assertEquals(order, [0, 1], "2 MiB: some go on, first who came first");
  assert(budget.relief() !== undefined, "nobody overtakes those who wait");
  for (const run of others) budget.release(run);
  await delay(0);
  assertEquals(order, [0, 1, 2, 3, 4, 5]);
  assertEquals(budget.relief(), undefined);
});

Deno.test("isSaturated tells whether a good part of those who wanted to read was held up lately", () => {
  const budget = new Budget(plainGeometry(64 * MIB, MIB));
  const ask = (times: number) => {
    for (let asked = 0; asked < times; asked++) budget.relief();
  };
  ask(100);
  const runs = longRuns(4);
  for (const run of runs) handOver(budget, run);
  ask(8);
  assert(!budget.isSaturated, "a few may be held up at any time");
  ask(8);
  assert(budget.isSaturated);
  for (const run of runs) budget.release(run);
  assert(budget.isSaturated, "nobody has tried again");
  ask(32);
  assert(!budget.isSaturated);
});

Deno.test("relief comes for everybody when nothing waits any more", async () => {
  const budget = new Budget(plainGeometry(100 * MIB, 8 * MIB), plainMemory(64 * MIB));
  const runs = longRuns(5);
  for (const run of runs) handOver(budget, run);
  let relieved = 0;
  for (let count = 0; count < 50; count++) budget.relief()?.then(() => relieved++);
  for (const run of runs) budget.release(run);
  await delay(0);
  assertEquals(relieved, 50);
});

/** A run is full. */
function handOver(budget: Budget, run: Run): void {
  budget.book(run);
  budget.place(run);
  budget.handOver(run);
  assert(run.isWaiting);
}

const COUNTED: readonly (readonly [string, number, number])[] = [
  ["as long as its piece", 256 * KIB, 256 * KIB],
  ["rounded up to a whole line of memory", 1000, 1024],
  ["64 blocks, of longer pieces", 4 * MIB, MIB],
  ["64 blocks, of pieces of 512 MiB", 512 * MIB, MIB],
  ["64 blocks, of pieces a byte longer", MIB + 1, MIB],
];

for (const [name, pieceLength, countedBytes] of COUNTED) {
  Deno.test(`Budget counts a run ${name}`, () => {
    const geometry = plainGeometry(2 * pieceLength, pieceLength);
    const budget = new Budget(geometry);
    const [run] = runsOf(geometry);
    assert(run !== undefined);
    budget.book(run);
    assertEquals(budget.bookedBytes, countedBytes);
  });
}

const TORRENTS: readonly (readonly [string, Geometry])[] = [
  ["nothing", plainGeometry(0, 16 * KIB)],
  ["one byte", plainGeometry(1, 16 * KIB)],
  ["one short piece", plainGeometry(100_001, MIB)],
  ["pieces shorter than a block", plainGeometry(10_001, 100)],
  ["pieces that are no whole blocks", plainGeometry(100_001, 40_000)],
  ["more pieces than there is room for", plainGeometry(100 * MIB, 1_000_001)],
  ["pieces of several runs", plainGeometry(13 * MIB + 5, 5 * MIB + 1)],
  ["one piece longer than the budget", plainGeometry(512 * MIB, 512 * MIB)],
];

for (const [name, geometry] of TORRENTS) {
  Deno.test(`budgetMemoryBytes() is room for all that can be booked of ${name}`, () => {
    const budget = new Budget(geometry, plainMemory(budgetMemoryBytes(geometry)));
    const places: (readonly [number, number])[] = [];
    for (const run of runsOf(geometry)) {
      if (!budget.hasRoom("starved")) break;
      budget.book(run);
      const start = budget.place(run);
      const begin = run.firstBlock * 16 * KIB;
      const left = geometry.pieceLength(run.piece.pieceIndex) - begin;
      places.push([start, start + Math.min(left, MIB)]);
    }
    let end = 0;
    for (const [start, next] of places.toSorted(([a], [b]) => a - b)) {
      assert(start >= end, `${start} lies before ${end}`);
      end = next;
    }
    assert(end <= budget.memory.bytes.length);
    assert(end <= BUDGET_BYTES);
  });
}
