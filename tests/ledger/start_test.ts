import { assertEquals } from "@std/assert";
import { hasBit } from "../../lib/base/bits.ts";
import { bytesOf, verifiedAtStart } from "../../lib/ledger/start.ts";
import type { Geometry } from "../../lib/torrent/geometry.ts";
import { bitsOf, KIB, paddedGeometry, plainGeometry } from "../support/torrents.ts";
import { randomOf } from "../torrent/helpers.ts";

function indicesOf(bits: Uint8Array): number[] {
  return [...Array(bits.length * 8).keys()].filter((index) => hasBit(bits, index));
}

Deno.test("verifiedAtStart() drops bits beyond the last piece, of however long an array", () => {
  const geometry = plainGeometry(11 * KIB, KIB);
  for (const lengthBytes of [2, 9]) {
    const bits = verifiedAtStart(geometry, new Uint8Array(lengthBytes).fill(0xff));
    assertEquals(indicesOf(bits), [...Array(11).keys()]);
  }
  assertEquals(indicesOf(verifiedAtStart(geometry, new Uint8Array([0x81]))), [0, 7]);
  assertEquals(verifiedAtStart(plainGeometry(0, KIB), new Uint8Array(1)).length, 0);
});

Deno.test("verifiedAtStart() finds the pieces that Geometry calls padding", () => {
  const random = randomOf(4);
  for (let round = 0; round < 200; round++) {
    const lengths = Array.from({ length: 1 + random(12) }, () => random(40) * (random(2) * 2 - 1));
    const geometry = paddedGeometry(lengths, 8);
    const pieces = [...Array(geometry.pieceCount).keys()];
    const padding = pieces.filter((pieceIndex) => geometry.isPadding(pieceIndex));
    assertEquals(indicesOf(verifiedAtStart(geometry)), padding, `${lengths}`);
  }
});

Deno.test("verifiedAtStart() walks over many padding files once", () => {
  const lengths = Array.from({ length: 100_000 }, () => -16);
  const bits = verifiedAtStart(paddedGeometry([...lengths, 1], 16));
  assertEquals(indicesOf(bits).length, 100_000);
});

const LENGTHS: readonly (readonly [string, Geometry, readonly number[], number])[] = [
  ["of no piece", plainGeometry(100, 16), [], 0],
  ["of whole pieces", plainGeometry(100, 16), [0, 5], 32],
  ["of a short last piece", plainGeometry(100, 16), [1, 6], 20],
  ["of the only piece, shorter than a piece is", plainGeometry(5, 16), [0], 5],
];

for (const [name, geometry, pieces, lengthBytes] of LENGTHS) {
  Deno.test(`bytesOf() is right ${name}`, () => {
    assertEquals(bytesOf(bitsOf(geometry.pieceCount, pieces), geometry), lengthBytes);
  });
}
