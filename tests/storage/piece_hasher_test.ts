import { assert, assertEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../lib/base/errors.ts";
import { type FileReader, type Findings, PieceHasher } from "../../lib/storage/piece_hasher.ts";
import { bitsOf } from "../support/torrents.ts";
import { allPieces, fileBytes, type Fixture, multiFile, pieceOf, sha1 } from "./fixture.ts";

const PAGE = 4096;

/** Pieces of 32 KiB: 0 to 2 are of a, 3 of a and b, 4 of b and padding, 5 of padding and c, 6 of c. */
const FIXTURE = multiFile([
  { path: "a", lengthBytes: 100_000 },
  { path: "empty", lengthBytes: 0 },
  { path: "b", lengthBytes: 40_000 },
  { path: ".pad/1", lengthBytes: 30_000, isPadding: true },
  { path: "c", lengthBytes: 40_000 },
]);
const [A, B, C] = [0, 2, 4] as const;

/** Files whose content a test may change. */
class FakeFiles implements FileReader {
  readonly contents: Uint8Array[];
  readonly broken = new Map<number, Error>();
  readonly reads: number[] = [];

  constructor(fixture: Fixture = FIXTURE) {
    this.contents = fixture.metainfo.files.map((_, index) => fileBytes(fixture, index).slice());
  }

  read(fileIndex: number, fileOffset: number, into: Uint8Array): number {
    this.reads.push(fileIndex);
    const error = this.broken.get(fileIndex);
    if (error !== undefined) throw error;
    const bytes = this.contents[fileIndex]?.subarray(fileOffset, fileOffset + into.length);
    into.set(bytes ?? []);
    return bytes?.length ?? 0;
  }

  /** Cuts a file. */
  cut(fileIndex: number, lengthBytes: number): void {
    this.contents[fileIndex] = this.contents[fileIndex]?.slice(0, lengthBytes) ?? new Uint8Array();
  }

  spoil(fileIndex: number, at: number): void {
    const bytes = this.contents[fileIndex];
    if (bytes !== undefined) bytes[at] = (bytes[at] ?? 0) ^ 1;
  }
}

function hash(
  files: FakeFiles,
  wanted: readonly number[] = allPieces(FIXTURE),
  fixture: Fixture = FIXTURE,
): Findings {
  const { metainfo } = fixture;
  const bits = bitsOf(metainfo.geometry.pieceCount, wanted);
  return new PieceHasher(metainfo, files)
    .hash({ first: 0, end: metainfo.geometry.pieceCount }, bits);
}

/** Each row changes files, and says which pieces are right all the same. */
const ROWS: readonly (readonly [string, (files: FakeFiles) => void, readonly number[]])[] = [
  ["nothing", () => {}, [0, 1, 2, 3, 4, 5, 6]],
  ["a byte of a", (files) => files.spoil(A, 40_000), [0, 2, 3, 4, 5, 6]],
  ["the first byte", (files) => files.spoil(A, 0), [1, 2, 3, 4, 5, 6]],
  ["a byte of a piece that two files share", (files) => files.spoil(B, 0), [0, 1, 2, 4, 5, 6]],
  ["the last byte", (files) => files.spoil(C, 39_999), [0, 1, 2, 3, 4, 5]],
  ["a is short", (files) => files.cut(A, 70_000), [0, 1, 4, 5, 6]],
  ["b is not there", (files) => files.cut(B, 0), [0, 1, 2, 5, 6]],
  ["c lacks a byte", (files) => files.cut(C, 39_999), [0, 1, 2, 3, 4, 5]],
];

for (const [name, change, right] of ROWS) {
  Deno.test(`PieceHasher finds the pieces that are right: ${name}`, () => {
    const files = new FakeFiles();
    change(files);
    const findings = hash(files);
    assertEquals([findings.right, findings.unreadable.size], [right, 0]);
  });
}

Deno.test("PieceHasher hashes what is wanted, and reads nothing else", () => {
  const files = new FakeFiles();
  for (const wanted of [[1], [0, 2], [6], [0, 1, 4, 5]]) {
    assertEquals(hash(files, wanted).right, wanted);
  }
  files.reads.length = 0;
  hash(files, [0, 1, 2]);
  assertEquals(new Set(files.reads), new Set([A]));
});

Deno.test("PieceHasher hashes pieces longer and shorter than it reads at once", () => {
  for (const pieceLength of [1000, 700_000, 2_000_000]) {
    const long = multiFile([
      { path: "a", lengthBytes: 1_500_000 },
      { path: "b", lengthBytes: 1_500_001 },
    ], { pieceLength });
    const files = new FakeFiles(long);
    const pieces = allPieces(long);
    assertEquals(hash(files, pieces, long).right, pieces);
    files.spoil(1, 1_000_000);
    const wrong = Math.floor(2_500_000 / pieceLength);
    assertEquals(hash(files, pieces, long).right, pieces.filter((index) => index !== wrong));
  }
});

Deno.test("PieceHasher takes no piece for right of which something is not there, though it be zeros", () => {
  const fixture = multiFile([{ path: "a", lengthBytes: 100_000 }]);
  fixture.content.fill(0);
  for (const index of allPieces(fixture)) {
    fixture.metainfo.pieceHashes.set(sha1(pieceOf(fixture, index)), 20 * index);
  }
  const files = new FakeFiles(fixture);
  assertEquals(hash(files, allPieces(fixture), fixture).right, [0, 1, 2, 3]);
  files.cut(0, 99_999);
  assertEquals(hash(files, allPieces(fixture), fixture).right, [0, 1, 2]);
  files.cut(0, 40_000);
  assertEquals(hash(files, allPieces(fixture), fixture).right, [0]);
});

Deno.test("PieceHasher tells which files cannot be read, reads each once, and goes on", () => {
  const files = new FakeFiles();
  files.broken.set(A, new StorageError("Cannot read", "a", "EIO"));
  const findings = hash(files);
  assertEquals(findings.right, [4, 5, 6]);
  assertEquals([...findings.unreadable], [[A, "EIO"]]);
  assertEquals(files.reads.filter((index) => index === A).length, 1);
  files.broken.set(C, new TypeError("a mistake of ours"));
  assertThrows(() => hash(files), TypeError);
});

Deno.test("PieceHasher counts the pages of each file that hold anything", () => {
  const files = new FakeFiles();
  files.contents[A]?.fill(0);
  files.spoil(A, 10 * PAGE);
  files.spoil(A, 11 * PAGE + 100);
  files.spoil(A, 20 * PAGE - 1);
  files.contents[B]?.fill(0);
  const { dataBytes } = hash(files);
  assertEquals(dataBytes.get(A), 3 * PAGE);
  assert(!dataBytes.has(B));
  const whole = dataBytes.get(C) ?? NaN;
  assertEquals([whole % PAGE, whole <= 40_000, whole >= 40_000 - 3 * PAGE], [0, true, true]);
});
