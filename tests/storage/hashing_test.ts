import { assert, assertEquals } from "@std/assert";
import { HashedSoFar, planRanges } from "../../lib/storage/hashing.ts";
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
