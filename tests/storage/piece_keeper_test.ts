import { assert, assertEquals, assertThrows } from "@std/assert";
import { PieceKeeper, type TorrentBytes } from "../../lib/storage/piece_keeper.ts";
import type { Outcome, RunBytes } from "../../lib/storage/store.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { type Fixture, pieceOf, sha1, singleFile, wholePiece } from "./fixture.ts";

const RUN_LENGTH = 64 * BLOCK_LENGTH;
const STORED: Outcome = { kind: "stored" };
const RIGHT: Outcome = { kind: "right" };

/** Three pieces of four runs each, the last run and the last piece short. */
const LONG = singleFile(8_000_000, { pieceLength: 3 * RUN_LENGTH + 20_000 });
const SHORT = singleFile(200_000, { pieceLength: 40_000 });

/** Bytes in memory, and what was done to them, as "write 0+100". */
class FakeBytes implements TorrentBytes {
  readonly bytes: Uint8Array;
  readonly done: string[] = [];

  constructor({ content }: Fixture) {
    this.bytes = new Uint8Array(content.length);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.done.push(`write ${offset}+${bytes.length}`);
    this.bytes.set(bytes, offset);
  }

  read(offset: number, into: Uint8Array): void {
    this.done.push(`read ${offset}+${into.length}`);
    into.set(this.bytes.subarray(offset, offset + into.length));
  }

  /** Where the first read began and how many bytes all of them were; the log is empty then. */
  takeReads(): { readonly from: number; readonly lengthBytes: number } | undefined {
    const reads = this.done.splice(0).filter((text) => text.startsWith("read "))
      .map((text) => text.slice(5).split("+").map(Number));
    const [first] = reads;
    if (first === undefined) return undefined;
    return {
      from: first[0] ?? NaN,
      lengthBytes: reads.reduce((sum, [, length = 0]) => sum + length, 0),
    };
  }
}

function keeperOf(fixture: Fixture): { readonly keeper: PieceKeeper; readonly disk: FakeBytes } {
  const disk = new FakeBytes(fixture);
  return { keeper: new PieceKeeper(fixture.metainfo, disk), disk };
}

/** The runs of a piece, in order; none of them ends it yet. */
function runsOf(fixture: Fixture, pieceIndex: number): RunBytes[] {
  const bytes = pieceOf(fixture, pieceIndex);
  return Array.from({ length: Math.ceil(bytes.length / RUN_LENGTH) }, (_, at) => ({
    pieceIndex,
    begin: at * RUN_LENGTH,
    bytes: bytes.subarray(at * RUN_LENGTH, (at + 1) * RUN_LENGTH),
    endsPiece: false,
  }));
}

/** Puts parts one after the other; the last one ends the piece. */
function putAll(keeper: PieceKeeper, parts: readonly RunBytes[]): Outcome {
  for (const part of parts.slice(0, -1)) assertEquals(keeper.put(part), STORED);
  const last = parts.at(-1);
  assert(last !== undefined);
  return keeper.put({ ...last, endsPiece: true });
}

/** The same with one byte of one block changed. */
function spoiled(part: RunBytes, at: number): RunBytes {
  const bytes = part.bytes.slice();
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return { ...part, bytes };
}

function assertWritten({ bytes }: FakeBytes, fixture: Fixture, pieceIndex: number): void {
  const offset = fixture.metainfo.geometry.pieceOffset(pieceIndex);
  const expected = pieceOf(fixture, pieceIndex);
  assertEquals(sha1(bytes.subarray(offset, offset + expected.length)), sha1(expected));
}

Deno.test("put() writes a piece that is put whole, once it is found right, and reads nothing", () => {
  for (const pieceIndex of [4, 0]) {
    const { keeper, disk } = keeperOf(SHORT);
    assertEquals(keeper.put(wholePiece(SHORT, pieceIndex)), RIGHT);
    assertEquals(disk.done, [`write ${pieceIndex * 40_000}+40000`]);
    assertWritten(disk, SHORT, pieceIndex);
  }
});

Deno.test("put() writes nothing of a piece that is put whole and is wrong", () => {
  const { keeper, disk } = keeperOf(SHORT);
  const outcome = keeper.put(spoiled(wholePiece(SHORT, 1), 20_000));
  assert(outcome.kind === "wrong");
  assertEquals(disk.done, []);
  assertEquals(keeper.put(wholePiece(SHORT, 1)), RIGHT);
  const right = keeper.digests(1);
  assertEquals(right.map((digest, at) => digest === outcome.digests[at]), [true, false, true]);
});

/** In which order the runs of a piece come, and which of them each one has read back: what lies behind it. */
const ORDERS: readonly (readonly [string, readonly number[], readonly (readonly number[])[]])[] = [
  ["in order", [0, 1, 2, 3], [[], [], [], []]],
  ["the first one last", [1, 2, 3, 0], [[], [], [], [1, 2, 3]]],
  ["the last two exchanged", [0, 1, 3, 2], [[], [], [], [3]]],
  ["the first two exchanged", [1, 0, 2, 3], [[], [1], [], []]],
  ["every second one first", [1, 3, 0, 2], [[], [], [1], [3]]],
  ["backwards", [3, 2, 1, 0], [[], [], [], [1, 2, 3]]],
];

for (const [name, order, reads] of ORDERS) {
  Deno.test(`put() writes long pieces run by run, and hashes each as soon as it can: ${name}`, () => {
    const { keeper, disk } = keeperOf(LONG);
    for (const pieceIndex of [1, 0]) {
      const offset = LONG.metainfo.geometry.pieceOffset(pieceIndex);
      const runs = runsOf(LONG, pieceIndex);
      for (const [turn, at] of order.entries()) {
        const [run] = runs.slice(at);
        assert(run !== undefined);
        const endsPiece = turn === order.length - 1;
        assertEquals(keeper.put({ ...run, endsPiece }), endsPiece ? RIGHT : STORED);
        const again = (reads[turn] ?? []).flatMap((index) => runs[index] ?? []);
        const lengthBytes = again.reduce((sum, { bytes }) => sum + bytes.length, 0);
        const from = offset + (again[0]?.begin ?? NaN);
        assertEquals(disk.takeReads(), lengthBytes > 0 ? { from, lengthBytes } : undefined);
      }
      assertWritten(disk, LONG, pieceIndex);
    }
  });
}

for (const [name, order] of ORDERS) {
  Deno.test(`put() tells which block of a long piece is wrong, and takes the next attempt: ${name}`, () => {
    const { keeper, disk } = keeperOf(LONG);
    const runs = runsOf(LONG, 0);
    for (const wrong of runs.keys()) {
      const parts = order.flatMap((at) => {
        const run = runs[at];
        return run === undefined ? [] : [at === wrong ? spoiled(run, BLOCK_LENGTH) : run];
      });
      const outcome = putAll(keeper, parts);
      assert(outcome.kind === "wrong");
      assertEquals(outcome.digests, keeper.digests(0), "of what is stored");
      assertEquals(putAll(keeper, order.flatMap((at) => runs[at] ?? [])), RIGHT);
      const right = keeper.digests(0);
      assertEquals(right.length, LONG.metainfo.geometry.blockCount(0));
      const differing = right.flatMap((digest, at) => digest === outcome.digests[at] ? [] : [at]);
      assertEquals(differing, [64 * wrong + 1]);
    }
    assertWritten(disk, LONG, 0);
  });
}

Deno.test("put() keeps pieces apart that come at the same time", () => {
  const { keeper, disk } = keeperOf(LONG);
  const pieces = [runsOf(LONG, 0), runsOf(LONG, 1)];
  for (const at of [0, 1, 2, 3]) {
    for (const runs of pieces) {
      const [run] = runs.slice(at);
      assert(run !== undefined);
      assertEquals(keeper.put({ ...run, endsPiece: at === 3 }), at === 3 ? RIGHT : STORED);
    }
  }
  assertEquals(disk.takeReads(), undefined);
  for (const pieceIndex of [0, 1]) assertWritten(disk, LONG, pieceIndex);
});

/** Which blocks of a short piece of three are there already; the others are put one by one. */
const BEGUN: readonly (readonly [string, readonly number[]])[] = [
  ["its first block", [0]],
  ["its last block", [2]],
  ["all but one in the middle", [0, 2]],
  ["all but the first", [1, 2]],
];

for (const [name, stored] of BEGUN) {
  Deno.test(`put() reads back what an earlier run stored of a piece: ${name}`, () => {
    for (const content of ["right", "wrong"] as const) {
      const { keeper, disk } = keeperOf(SHORT);
      const blocks = [0, 1, 2].map((block) => blockOf(1, block));
      for (const [block, { begin, bytes }] of blocks.entries()) {
        if (stored.includes(block)) disk.bytes.set(bytes, 40_000 + begin);
      }
      const at = 40_000 + (stored[0] ?? 0) * BLOCK_LENGTH;
      if (content === "wrong") disk.bytes[at] = (disk.bytes[at] ?? 0) ^ 1;
      const parts = blocks.filter((_, block) => !stored.includes(block));
      assertEquals(putAll(keeper, parts).kind, content);
    }
  });
}

function blockOf(pieceIndex: number, block: number): RunBytes {
  const begin = block * BLOCK_LENGTH;
  const bytes = pieceOf(SHORT, pieceIndex).subarray(begin, begin + BLOCK_LENGTH);
  return { pieceIndex, begin, bytes, endsPiece: false };
}

Deno.test("put() passes on that bytes cannot be written, or read back", () => {
  const { keeper, disk } = keeperOf(SHORT);
  disk.read = () => {
    throw new Error("disk gone");
  };
  keeper.put(blockOf(1, 1));
  const last = { ...blockOf(1, 2), endsPiece: true };
  assertThrows(() => keeper.put(last), Error, "disk gone");
  assertThrows(() => keeper.digests(1), Error, "disk gone");
  disk.write = () => {
    throw new Error("disk full");
  };
  assertThrows(() => keeper.put(wholePiece(SHORT, 2)), Error, "disk full");
  assertThrows(() => keeper.put(blockOf(3, 0)), Error, "disk full");
});
