import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { countBits } from "../../lib/base/bits.ts";
import { PeerError } from "../../lib/base/errors.ts";
import { bitfieldLength, parseBitfield } from "../../lib/peers/bitfield.ts";

Deno.test("bitfieldLength() rounds up to whole bytes", () => {
  const lengths = [0, 1, 7, 8, 9, 2 ** 21].map(bitfieldLength);
  assertEquals(lengths, [0, 1, 1, 1, 2, 2 ** 18]);
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

Deno.test("parseBitfield() accepts every bit set, and copies", () => {
  for (const pieceCount of [0, 1, 8, 9, 31, 32, 33, 2 ** 21]) {
    const bits = new Uint8Array(bitfieldLength(pieceCount)).fill(0xff);
    if (pieceCount % 8 > 0) bits[bits.length - 1] = 0xff << (8 - pieceCount % 8);
    const parsed = parseBitfield(bits, pieceCount);
    bits.fill(0);
    assertStrictEquals(countBits(parsed), pieceCount);
  }
});
