import { assert, assertEquals } from "@std/assert";
import {
  clearBit,
  countBits,
  countBitsBeyond,
  emptyBits,
  forEachBit,
  fullBits,
  hasBit,
  isBitsOf,
  setBit,
  wordsOf,
} from "../../lib/base/bits.ts";
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

Deno.test("setBit(), clearBit(), countBits() and forEachBit() agree with a set of indices", () => {
  const random = randomOf(7);
  const bits = new Uint8Array(13);
  const model = new Set<number>();
  for (let step = 0; step < 150; step++) {
    const index = random(bits.length * 8);
    if (random(3) === 0) {
      clearBit(bits, index);
      model.delete(index);
    } else {
      setBit(bits, index);
      model.add(index);
    }
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

Deno.test("emptyBits() and fullBits() have the length of a bitfield, and no spare bit set", () => {
  for (let count = 0; count <= 70; count++) {
    for (const bits of [emptyBits(count), fullBits(count)]) assert(isBitsOf(bits, count));
    assertEquals([countBits(emptyBits(count)), countBits(fullBits(count))], [0, count]);
  }
});

Deno.test("wordsOf() is the same memory, whole words to the end", () => {
  for (const count of [0, 1, 8, 31, 32, 33, 64, 65]) {
    const bits = emptyBits(count);
    const words = wordsOf(bits);
    assertEquals(words.length, Math.ceil(count / 32));
    for (let index = 0; index < count; index++) {
      setBit(bits, index);
      assertEquals([...words.keys()].filter((at) => words[at] !== 0), [index >>> 5]);
      clearBit(bits, index);
    }
  }
});

Deno.test("countBitsBeyond() counts what is in one set and not in the other", () => {
  const bits = new Uint8Array([0b1111_0000, 0b0000_1111, 0xff]);
  const other = new Uint8Array([0b1010_1010, 0b0000_0000, 0xff]);
  assertEquals(countBitsBeyond(bits, other), 2 + 4);
});
