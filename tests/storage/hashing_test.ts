import { assert, assertEquals } from "@std/assert";
import { allPieces, HashedSoFar, HashesSoFar, planRanges } from "../../lib/storage/hashing.ts";
import type { PieceRange } from "../../lib/storage/piece_sweep.ts";
import type { CheckProgress } from "../../lib/storage/store.ts";
import type { Geometry } from "../../lib/torrent/geometry.ts";
import { bitsOf, KIB, plainGeometry } from "../support/torrents.ts";
import { indicesIn } from "./fixture.ts";

const MIB = 1024 * KIB;

/** Where the pieces that are wanted lie, and the ranges that they are cut into. */
interface Plan {
  readonly geometry: Geometry;
  readonly wanted: readonly number[];
  readonly ranges: readonly (readonly [number, number])[];
}

const PLANS: readonly (readonly [string, Plan])[] = [
  ["nothing at all", { geometry: plainGeometry(0, MIB), wanted: [], ranges: [] }],
  ["no pieces", { geometry: plainGeometry(10 * MIB, MIB), wanted: [], ranges: [] }],
  ["one piece", { geometry: plainGeometry(10 * MIB, MIB), wanted: [3], ranges: [[3, 10]] }],
  ["what takes no longer than one range", {
    geometry: plainGeometry(10 * MIB, MIB),
    wanted: [0, 4, 5, 9],
    ranges: [[0, 10]],
  }],
  ["all of many", {
    geometry: plainGeometry(10 * MIB, MIB),
    wanted: [...Array(10).keys()],
    ranges: [[0, 4], [4, 8], [8, 10]],
  }],
  ["pieces longer than a range", {
    geometry: plainGeometry(24 * MIB + 1, 8 * MIB),
    wanted: [0, 2, 3],
    ranges: [[0, 1], [2, 3], [3, 4]],
  }],
  ["few of very many", {
    geometry: plainGeometry(300_000, 1),
    wanted: [5, 200_000, 200_001],
    ranges: [[5, 65_541], [200_000, 265_536]],
  }],
];

for (const [name, { geometry, wanted, ranges }] of PLANS) {
  Deno.test(`planRanges() has every piece that is wanted in one range: ${name}`, () => {
    const planned = [...planRanges(geometry, bitsOf(geometry.pieceCount, wanted))];
    const covered = planned.flatMap(({ first, end }) =>
      wanted.filter((index) => index >= first && index < end)
    );
    assertEquals(covered, wanted);
    assertEquals(planned.map(({ first, end }) => [first, end] as const), ranges);
  });
}

Deno.test("planRanges() makes ranges as short as it is told, but for a piece that is longer", () => {
  const geometry = plainGeometry(10 * MIB, 2 * MIB);
  for (
    const [rangeLength, count] of [[MIB, 5], [2 * MIB, 5], [6 * MIB, 2], [10 * MIB, 1]] as const
  ) {
    assertEquals([...planRanges(geometry, allPieces(geometry), rangeLength)].length, count);
  }
});

Deno.test("HashesSoFar puts together what ranges bring, in whatever order they come", () => {
  const geometry = plainGeometry(3 * KIB - 1, KIB);
  const made = new HashesSoFar(geometry);
  const hash = (fill: number, count = 1) => new Uint8Array(20 * count).fill(fill);
  made.add({ first: 2, end: 3 }, hash(7));
  assertEquals(made.progress, { checkedBytes: KIB - 1, totalBytes: 3 * KIB - 1 });
  made.add({ first: 0, end: 2 }, hash(5, 2));
  assertEquals(made.progress.checkedBytes, 3 * KIB - 1);
  assertEquals(made.hashes, Uint8Array.of(...hash(5, 2), ...hash(7)));
});

Deno.test("HashedSoFar puts together what ranges bring, in whatever order they come", () => {
  const geometry = plainGeometry(10 * KIB - 1, KIB);
  const found = (right: readonly number[], bytes: number, code: string) => ({
    right,
    dataBytes: new Map([[0, bytes], [right[0] ?? 0, bytes]]),
    unreadable: new Map([[right[0] ?? 0, code]]),
  });
  const hashed = new HashedSoFar(geometry);
  const progress: CheckProgress[] = [];
  const adds: readonly (readonly [PieceRange, ReturnType<typeof found>])[] = [
    [{ first: 3, end: 6 }, found([3, 5], 4096, "EIO")],
    [{ first: 0, end: 3 }, found([1], 8192, "EACCES")],
    [{ first: 6, end: 10 }, found([9], 4096, "EIO")],
  ];
  for (const [range, findings] of adds) {
    hashed.add(range, findings);
    progress.push(hashed.progress);
  }
  assertEquals(indicesIn(hashed.right), [1, 3, 5, 9]);
  assertEquals([...hashed.dataBytes].toSorted(([a], [b]) => a - b), [
    [0, 16_384],
    [1, 8192],
    [3, 4096],
    [9, 4096],
  ]);
  assertEquals([...hashed.unreadable].toSorted(([a], [b]) => a - b), [
    [1, "EACCES"],
    [3, "EIO"],
    [9, "EIO"],
  ]);
  assertEquals(progress.map(({ checkedBytes }) => checkedBytes), [6144, 6144, 10_239]);
  assert(progress.every(({ totalBytes }) => totalBytes === 10_239));
});
