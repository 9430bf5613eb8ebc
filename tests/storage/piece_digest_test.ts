import { assertEquals } from "@std/assert";
import { digestBlocks, PieceDigest } from "../../lib/storage/piece_digest.ts";
import { hashOf } from "../../lib/torrent/geometry.ts";
import { randomBytes } from "../support/torrent_fixture.ts";
import { sha1 } from "./fixture.ts";

const MIB = 1024 * 1024;
const KIB = 1024;

/** Pieces as they are fed: zeros of a length, or bytes. */
const PIECES: readonly (readonly [string, readonly (number | Uint8Array)[]])[] = [
  ["nothing", []],
  ["bytes", [randomBytes(100_000, 1)]],
  ["bytes in several parts", [randomBytes(100, 1), randomBytes(1, 2), randomBytes(65_537, 3)]],
  ["zeros", [100_000]],
  ["zeros in several parts", [64 * KIB, 64 * KIB, 1]],
  ["zeros at the start", [64 * KIB, 100, randomBytes(1000, 1)]],
  ["zeros at the end", [randomBytes(1000, 1), 64 * KIB + 1]],
  ["zeros in the middle", [randomBytes(10, 1), 200_000, randomBytes(10, 2)]],
  ["a part whose last byte alone is none", [100_000, Uint8Array.from([...Array(9).fill(0), 1])]],
  ["more zeros than are counted", [10 * MIB, 10 * MIB]],
  ["the same, and bytes", [10 * MIB, 10 * MIB, randomBytes(10, 1)]],
];

function partsOf(piece: readonly (number | Uint8Array)[]): Uint8Array[] {
  return piece.map((part) => typeof part === "number" ? new Uint8Array(part) : part);
}

Deno.test("PieceDigest hashes one piece after the other", async (t) => {
  const digest = new PieceDigest();
  // Twice: what was counted of one piece must not tell on the next.
  for (const [words, piece] of [...PIECES, ...PIECES.toReversed()]) {
    await t.step(words, async () => {
      const parts = partsOf(piece);
      const whole = new Uint8Array(await new Blob(parts.map((part) => part.slice())).arrayBuffer());
      for (const part of parts) digest.push(part);
      assertEquals(digest.finish().toHex(), sha1(whole).toHex());
      digest.push(Uint8Array.of(0, 1));
      digest.clear();
    });
  }
});

Deno.test("digestBlocks() tells blocks apart by their bytes alone", () => {
  const [a, b] = [randomBytes(16 * KIB, 1), randomBytes(16 * KIB, 2)];
  const digests = digestBlocks(new Uint8Array([...a, ...b, ...a, ...a.subarray(0, 100)]));
  assertEquals(digests.length, 4);
  assertEquals(new Set(digests).size, 3);
  assertEquals([digests[0], ...digestBlocks(a)], [digests[2], digests[0]]);
  assertEquals(digestBlocks(new Uint8Array()), []);
});

Deno.test("hashOf() gives 20 bytes", () => {
  const hashes = Uint8Array.from({ length: 60 }, (_, at) => at);
  assertEquals([...hashOf(hashes, 1)], Array.from({ length: 20 }, (_, at) => 20 + at));
});
