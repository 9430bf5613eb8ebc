import { assert, assertEquals } from "@std/assert";
import { countBits, forEachBit, hasBit, setBit } from "../../lib/base/bits.ts";
import { randomOf } from "../torrent/helpers.ts";

Deno.test("hasBit() takes bit 0 as the highest of byte 0", () => {
  const bits = new Uint8Array([0b1000_0000, 0b0000_0001]);
  const set = [...Array(16).keys()].filter((index) => hasBit(bits, index));
  assertEquals(set, [0, 15]);
});

Deno.test("hasBit() finds nothing beyond the array, nor without one", () => {
  assert(!hasBit(new Uint8Array([0xff]), 8));
  assert(!hasBit(new Uint8Array([0xff]), 2 ** 31));
  assert(!hasBit(undefined, 0));
});

Deno.test("setBit(), countBits() and forEachBit() agree with a set of indices", () => {
  const random = randomOf(7);
  const bits = new Uint8Array(13);
  const model = new Set<number>();
  for (let step = 0; step < 150; step++) {
    const index = random(bits.length * 8);
    setBit(bits, index);
    model.add(index);
    assertEquals(countBits(bits), model.size);
  }
  for (let index = 0; index < bits.length * 8; index++) {
    assertEquals(hasBit(bits, index), model.has(index));
  }
  const visited: number[] = [];
  forEachBit(bits, (index) => visited.push(index));
  assertEquals(visited, [...model].sort((a, b) => a - b));
  forEachBit(undefined, (index) => visited.push(index));
  assertEquals(visited.length, model.size);
});
