import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { decodeHex } from "@std/encoding";
import { BencodeError } from "../../lib/base/errors.ts";
import {
  type BencodeInput,
  type BencodeValue,
  decodeBencode,
  decodeBencodePrefix,
  dictionaryOf,
  encodeBencode,
  listOf,
} from "../../lib/torrent/bencode.ts";
import { bytes, randomOf, readTable } from "./helpers.ts";

const VECTORS = readTable("bencode.tsv");

for (const { hex = "", ascii = "", verdict_BEP3 = "", why = "" } of VECTORS) {
  const name = `decodeBencode() ${verdict_BEP3 === "valid" ? "takes" : "refuses"} ${ascii}: ${why}`;
  Deno.test(name, () => {
    const input = decodeHex(hex);
    if (verdict_BEP3 === "valid") {
      const value = decodeBencode(input, { maxDepth: 1000 });
      assertEquals(encodeBencode(value), input);
    } else {
      const error = assertThrows(() => decodeBencode(input), BencodeError);
      assert(error.offset >= 0 && error.offset <= input.length, `offset ${error.offset}`);
    }
  });
}

const INTEGERS: readonly (readonly [string, number | bigint])[] = [
  ["i0e", 0],
  ["i-1e", -1],
  ["i9007199254740991e", 9007199254740991],
  ["i9007199254740992e", 9007199254740992n],
  ["i9007199254740993e", 9007199254740993n],
  ["i-9007199254740993e", -9007199254740993n],
  ["i184467440737095516154e", 184467440737095516154n],
];

for (const [text, expected] of INTEGERS) {
  Deno.test(`decodeBencode() reads ${text} exactly`, () => {
    assertEquals(decodeBencode(bytes(text)), expected);
  });
}

const OFFSETS: readonly (readonly [string, number])[] = [
  ["", 0],
  ["x", 0],
  ["i12", 3],
  ["i1x2e", 2],
  ["l5:abce", 1],
  ["d1:ai1e1:ai2ee", 7],
  ["d1:bi1e1:ai2ee", 7],
  ["d1:ai1ei2ei3ee", 7],
  ["i1ei2e", 3],
];

for (const [text, offset] of OFFSETS) {
  Deno.test(`decodeBencode() names byte ${offset} of "${text}"`, () => {
    const error = assertThrows(() => decodeBencode(bytes(text)), BencodeError, `byte ${offset}:`);
    assertEquals(error.offset, offset);
  });
}

Deno.test("decodeBencode() makes no long error of a long key", () => {
  const key = `100000:${"\0".repeat(100_000)}`;
  const error = assertThrows(() => decodeBencode(bytes(`d${key}i1e${key}i2ee`)), BencodeError);
  assert(error.message.length < 1_000);
});

Deno.test("decodeBencode() tolerates unsorted keys when told so, never duplicate ones", () => {
  const options = { allowUnsortedKeys: true };
  const value = dictionaryOf(decodeBencode(bytes("d1:bi1e1:ai2ee"), options));
  assertEquals([...value?.keys() ?? []], ["b", "a"]);
  for (const text of ["d1:ai1e1:ai2ee", "d1:bi1e1:ai2e1:bi3ee", "d1:bi1e1:ai2e1:ai3ee"]) {
    assertThrows(() => decodeBencode(bytes(text), options), BencodeError, "duplicate");
  }
});

Deno.test("decodeBencode() keeps keys as they are: bytes, empty, or names of our own objects", () => {
  const value = dictionaryOf(decodeBencode(bytes("d0:i1e9:__proto__d4:evili1ee1:\xffi2ee")));
  assertEquals([...value?.keys() ?? []], ["", "__proto__", "\xff"]);
  assertEquals(value?.get("constructor"), undefined);
});

Deno.test("decodeBencode() refuses what nests too deep before it descends", () => {
  const nested = (depth: number) => bytes("l".repeat(depth) + "e".repeat(depth));
  assertInstanceOf(decodeBencode(nested(100)), Array);
  assertThrows(() => decodeBencode(nested(101)), BencodeError, "deeper than 100");
  assertThrows(() => decodeBencode(bytes("d1:a".repeat(1e6))), BencodeError, "deeper than 100");
  assertThrows(() => decodeBencode(nested(3), { maxDepth: 2 }), BencodeError, "deeper than 2");
});

Deno.test("decodeBencode() refuses too many items, counted first in a large input", () => {
  const options = { maxItems: 10 };
  assertEquals(listOf(decodeBencode(bytes(`l${"0:".repeat(9)}e`), options))?.length, 9);
  for (const item of ["0:", "le", "i0e", "3:abc", "d1:a0:e"]) {
    for (const count of [10, 1000]) {
      const input = bytes(`l${item.repeat(count)}e`);
      assertThrows(() => decodeBencode(input, options), BencodeError, "too many items");
    }
  }
});

Deno.test("decodeBencode() refuses an input that is too long", () => {
  const options = { maxLengthBytes: 3 };
  assertEquals(decodeBencode(bytes("i1e"), options), 1);
  assertThrows(() => decodeBencode(bytes("i10e"), options), BencodeError, "at most 3");
});

Deno.test("decodeBencode() works on a part of a buffer", () => {
  const whole = bytes("xx3:abcxx");
  assertEquals(decodeBencode(whole.subarray(2, 7)), bytes("abc"));
  assertThrows(() => decodeBencode(whole.subarray(2, 6)), BencodeError);
});

Deno.test("decodeBencodePrefix() tells where the value and the root's values lie", () => {
  const input = bytes("d1:ai12e4:infod1:xd1:yi1eeee and more");
  const { lengthBytes, rootSpans } = decodeBencodePrefix(input);
  assertEquals(lengthBytes, 28);
  assertEquals([...rootSpans.keys()], ["a", "info"]);
  const span = rootSpans.get("info");
  assertEquals(input.subarray(span?.start, span?.end), bytes("d1:xd1:yi1eee"));
});

Deno.test("encodeBencode() sorts keys by bytes, takes texts, leaves out what is undefined", () => {
  const rows: readonly (readonly [BencodeInput, string])[] = [
    [{ b: 1, a: "x", aa: [], B: {}, none: undefined }, "d1:Bde1:a1:x2:aale1:bi1ee"],
    [new Map([["\xff", 1], ["a", 2]]), "d1:ai2e1:\xffi1ee"],
    ["é", "2:\xc3\xa9"],
    [-0, "i0e"],
    [-(2n ** 70n), "i-1180591620717411303424e"],
    [new Uint8Array([0, 255]), "2:\x00\xff"],
    [{ list: [1, "a"].values().map((item) => [item]) }, "d4:listlli1eel1:aeee"],
  ];
  for (const [value, expected] of rows) assertEquals(encodeBencode(value), bytes(expected));
});

Deno.test("encodeBencode() throws TypeError for what has no encoding", () => {
  for (const value of [1.5, NaN, Infinity, 2 ** 53, new Map([["日", 1]])]) {
    assertThrows(() => encodeBencode(value), TypeError, "Cannot encode bencode");
  }
});

Deno.test("decodeBencode() undoes encodeBencode() for random values", () => {
  const random = randomOf(3);
  for (let round = 0; round < 500; round++) {
    const value = randomValue(random, 4);
    assertEquals(decodeBencode(encodeBencode(value)), value);
  }
});

function randomValue(random: (below: number) => number, depth: number): BencodeValue {
  const some = <T>(make: () => T) => Array.from({ length: random(5) }, make);
  const byte = () => random(256);
  switch (random(depth > 0 ? 5 : 3)) {
    case 0:
      return random(2 ** 31) - 2 ** 30;
    case 1:
      return (BigInt(random(2 ** 31)) + 1n) * (random(2) === 0 ? 1n : -1n) * 2n ** 60n;
    case 2:
      return Uint8Array.from(some(byte));
    case 3:
      return some(() => randomValue(random, depth - 1));
    default: {
      const keys = new Set(some(() => String.fromCharCode(...some(byte))));
      const sorted = [...keys].sort((a, b) => a < b ? -1 : 1);
      return new Map(sorted.map((key) => [key, randomValue(random, depth - 1)]));
    }
  }
}

Deno.test("decodeBencode() takes or refuses mutated inputs, and what it takes encodes back", () => {
  const random = randomOf(7);
  const corpus = VECTORS.map((row) => decodeHex(row.hex ?? "")).filter((input) => input.length > 0);
  const letters = bytes("deli0123456789:-");
  for (let round = 0; round < 5000; round++) {
    const input = corpus[random(corpus.length)]?.slice() ?? new Uint8Array();
    for (let change = random(3); change >= 0; change--) {
      input[random(input.length)] = letters[random(letters.length)] ?? 0;
    }
    try {
      assertEquals(encodeBencode(decodeBencode(input)), input);
    } catch (error) {
      assertInstanceOf(error, BencodeError);
    }
  }
});
