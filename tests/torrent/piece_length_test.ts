import { assert, assertEquals } from "@std/assert";
import { MAX_PIECES } from "../../lib/torrent/metainfo.ts";
import { choosePieceLength, isPieceLength } from "../../lib/torrent/piece_length.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

Deno.test("choosePieceLength() goes by the length of all files", () => {
  const rows: readonly (readonly [string, number, number])[] = [
    ["one byte", 1, 16 * KIB],
    ["as many pieces as are usual", 32 * MIB, 16 * KIB],
    ["one byte more", 32 * MIB + 1, 32 * KIB],
    ["a CD", 700 * MIB, 512 * KIB],
    ["a film", 4 * GIB, 2 * MIB],
    ["what makes the longest that are usual", 20 * GIB, 16 * MIB],
    ["much more", 1024 * GIB, 16 * MIB],
    ["more than pieces of that length can be", 2 ** 45 + 1, 32 * MIB],
  ];
  for (const [words, totalLength, expected] of rows) {
    assertEquals(choosePieceLength(totalLength), expected, words);
  }
});

Deno.test("choosePieceLength() makes no torrent that parseMetainfo() would refuse", () => {
  for (let bits = 0; bits <= 48; bits++) {
    for (const totalLength of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
      const length = choosePieceLength(totalLength);
      assert(isPieceLength(length), `${totalLength}`);
      assert(Math.ceil(totalLength / length) <= MAX_PIECES, `${totalLength}`);
    }
  }
});

Deno.test("isPieceLength() takes powers of two of 16 KiB to 256 MiB", () => {
  for (let bits = 14; bits <= 28; bits++) assert(isPieceLength(2 ** bits), `${bits}`);
  const others = [0, -1, 1, 2 ** 13, 2 ** 29, 3 * 16 * KIB, 2 ** 14 + 1, 2 ** 14.5, NaN, Infinity];
  for (const length of others) assert(!isPieceLength(length), `${length}`);
});
