import { assert, assertEquals } from "@std/assert";
import { BLOCK_LENGTH, type FileExtent, Geometry } from "../../lib/torrent/geometry.ts";
import { randomOf } from "./helpers.ts";

function file(lengthBytes: number): FileExtent {
  return { lengthBytes, isPadding: false };
}

function padding(lengthBytes: number): FileExtent {
  return { lengthBytes, isPadding: true };
}

interface Row {
  readonly name: string;
  readonly files: readonly FileExtent[];
  readonly pieceLength: number;
  readonly pieces: readonly number[];
  /** Blocks of each piece. */
  readonly blocks: readonly number[];
}

const ROWS: readonly Row[] = [
  {
    name: "a short last piece",
    files: [file(50_000)],
    pieceLength: 32_768,
    pieces: [32_768, 17_232],
    blocks: [2, 2],
  },
  {
    name: "whole pieces",
    files: [file(65_536)],
    pieceLength: 32_768,
    pieces: [32_768, 32_768],
    blocks: [2, 2],
  },
  {
    name: "a piece shorter than a block",
    files: [file(250)],
    pieceLength: 100,
    pieces: [100, 100, 50],
    blocks: [1, 1, 1],
  },
  {
    name: "a piece that is no multiple of a block",
    files: [file(30_000)],
    pieceLength: 20_000,
    pieces: [20_000, 10_000],
    blocks: [2, 1],
  },
  {
    name: "a piece longer than all",
    files: [file(1)],
    pieceLength: 2 ** 29,
    pieces: [1],
    blocks: [1],
  },
  {
    name: "many files",
    files: [file(0), file(10), file(0), padding(90), file(1)],
    pieceLength: 100,
    pieces: [100, 1],
    blocks: [1, 1],
  },
  { name: "no bytes", files: [file(0)], pieceLength: 100, pieces: [], blocks: [] },
];

for (const { name, files, pieceLength, pieces, blocks } of ROWS) {
  Deno.test(`Geometry counts pieces and blocks of ${name}`, () => {
    const geometry = new Geometry(files, pieceLength);
    const indices = pieces.map((_, index) => index);
    assertEquals(geometry.pieceCount, pieces.length);
    assertEquals(indices.map((index) => geometry.pieceLength(index)), [...pieces]);
    assertEquals(indices.map((index) => geometry.blockCount(index)), [...blocks]);
    assertEquals(geometry.maxPieceLength, Math.max(0, ...pieces));
    for (const index of indices) {
      const lengths = Array.from(
        { length: geometry.blockCount(index) },
        (_, block) => geometry.blockLength(index, block),
      );
      assertEquals(lengths.reduce((sum, length) => sum + length, 0), pieces[index]);
      assert(lengths.every((length) => length > 0 && length <= BLOCK_LENGTH));
    }
  });
}

Deno.test("Geometry holds offsets beyond 4 GiB", () => {
  const geometry = new Geometry([file(5 * 2 ** 40), file(7)], 2 ** 22);
  const last = geometry.pieceCount - 1;
  assertEquals(geometry.pieceOffset(last), 5 * 2 ** 40);
  assertEquals([...geometry.spans(5 * 2 ** 40 - 1, 3)], [
    { fileIndex: 0, fileOffset: 5 * 2 ** 40 - 1, lengthBytes: 1, isPadding: false },
    { fileIndex: 1, fileOffset: 0, lengthBytes: 2, isPadding: false },
  ]);
});

Deno.test("requestLength() ends with the last byte that is not padding", () => {
  const geometry = new Geometry(
    [file(10), padding(90), padding(100), file(5), padding(5), file(1)],
    100,
  );
  assertEquals([0, 1, 2].map((piece) => geometry.requestLength(piece, 0)), [10, 0, 11]);
  assert(geometry.hasPadding);
});

Deno.test("spans() covers exactly the bytes asked for, in order, for random torrents", () => {
  const random = randomOf(23);
  for (let round = 0; round < 300; round++) {
    const files = Array.from(
      { length: 1 + random(8) },
      () => file(random(3) === 0 ? 0 : random(50)),
    );
    const geometry = new Geometry(files, 1 + random(40));
    const owners = files.flatMap(({ lengthBytes }, fileIndex) =>
      Array.from({ length: lengthBytes }, (_, fileOffset) => ({ fileIndex, fileOffset }))
    );
    const offset = random(geometry.totalLength + 1);
    const length = random(60);
    const covered = [...geometry.spans(offset, length)].flatMap((span) => {
      assert(span.lengthBytes > 0);
      return Array.from({ length: span.lengthBytes }, (_, at) => ({
        fileIndex: span.fileIndex,
        fileOffset: span.fileOffset + at,
      }));
    });
    assertEquals(covered, owners.slice(offset, offset + length));
    files.forEach((_, index) => {
      const before = files.slice(0, index).reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
      assertEquals(geometry.fileOffset(index), before);
    });
  }
});
