import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { Bitfield, bitfieldLength, parseBitfield } from "../../lib/peers/bitfield.ts";
import { randomOf } from "../torrent/helpers.ts";

Deno.test("bitfieldLength() rounds up to whole bytes", () => {
  const lengths = [0, 1, 7, 8, 9, 2 ** 21].map(bitfieldLength);
  assertEquals(lengths, [0, 1, 1, 1, 2, 2 ** 18]);
});

Deno.test("Bitfield behaves as a set of piece indices", () => {
  const random = randomOf(3);
  for (const pieceCount of [1, 7, 8, 31, 32, 33, 1000]) {
    const bitfield = new Bitfield(pieceCount);
    const set = new Set<number>();
    for (let round = 0; round < 500; round++) {
      const pieceIndex = random(pieceCount);
      const isAdded = random(3) > 0;
      const hadIt = set.has(pieceIndex);
      assertStrictEquals(bitfield.has(pieceIndex), hadIt);
      if (isAdded) assertStrictEquals(bitfield.set(pieceIndex), !hadIt);
      else assertStrictEquals(bitfield.clear(pieceIndex), hadIt);
      if (isAdded) set.add(pieceIndex);
      else set.delete(pieceIndex);
      assertStrictEquals(bitfield.count, set.size);
      assertStrictEquals(bitfield.isComplete, set.size === pieceCount);
    }
    assertStrictEquals(parseBitfield(bitfield.bytes, pieceCount).count, set.size);
  }
});

Deno.test("Bitfield puts piece 0 into the highest bit", () => {
  const bitfield = new Bitfield(10);
  bitfield.set(0);
  bitfield.set(9);
  assertStrictEquals(bitfield.bytes.toHex(), "8040");
});

Deno.test("Bitfield copy() is a set of its own", () => {
  const bitfield = new Bitfield(9);
  bitfield.set(8);
  const copy = bitfield.copy();
  copy.set(0);
  assertEquals([bitfield.count, copy.count, bitfield.has(0)], [1, 2, false]);
});

Deno.test("Bitfield set() refuses what is no piece, and has() says false", () => {
  const bitfield = new Bitfield(9);
  for (const pieceIndex of [-1, 9, 0.5, 2 ** 31, 2 ** 32 - 1]) {
    assertThrows(() => bitfield.set(pieceIndex), RangeError);
  }
  for (const pieceIndex of [-1, 9, 2 ** 31, 2 ** 32 - 1]) assert(!bitfield.has(pieceIndex));
});

Deno.test("parseBitfield() refuses a wrong size and spare bits", () => {
  const cases: readonly [string, string, number][] = [
    ["one byte short", "ff", 9],
    ["one byte long", "ff8000", 9],
    ["empty", "", 9],
    ["the first spare bit", "ff40", 9],
    ["the last spare bit", "ff01", 9],
    ["bytes for no pieces", "00", 0],
  ];
  for (const [what, hex, pieceCount] of cases) {
    const error = assertThrows(
      () => parseBitfield(Uint8Array.fromHex(hex), pieceCount),
      PeerError,
      "Cannot accept bitfield",
      what,
    );
    assertStrictEquals(error.reason, "protocol");
  }
});

Deno.test("parseBitfield() accepts every bit set, counts them, and copies", () => {
  for (const pieceCount of [0, 1, 8, 9, 31, 32, 33, 2 ** 21]) {
    const bits = new Uint8Array(bitfieldLength(pieceCount)).fill(0xff);
    if (pieceCount % 8 > 0) bits[bits.length - 1] = 0xff << (8 - pieceCount % 8);
    const bitfield = parseBitfield(bits, pieceCount);
    bits.fill(0);
    assert(bitfield.isComplete, `${pieceCount} pieces`);
  }
});
