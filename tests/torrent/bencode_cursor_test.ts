import { assertEquals, assertThrows, fail } from "@std/assert";
import { decodeHex } from "@std/encoding";
import { BencodeError } from "../../lib/base/errors.ts";
import {
  type BencodeValue,
  decodeBencode,
  decodeBencodePrefix,
  type DecodeOptions,
  dictionaryOf,
} from "../../lib/torrent/bencode.ts";
import { Cursor } from "../../lib/torrent/bencode_cursor.ts";
import { Decoder } from "../../lib/torrent/bencode_decoder.ts";
import { bytes, randomOf, readTable } from "./helpers.ts";

const OPTIONS: readonly (readonly [string, DecodeOptions])[] = [
  ["strictly", {}],
  ["tolerantly", { allowUnsortedKeys: true, allowLeadingZeros: true }],
  ["a little deep", { maxDepth: 2 }],
  ["a few items", { maxItems: 4 }],
];

/** The offset at which the input is refused, or how long its value is. */
function outcomeOf(read: () => number): string {
  try {
    return `a value of ${read()} bytes`;
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    return `${error.offset}: ${error.message}`;
  }
}

function skip(input: Uint8Array, options: DecodeOptions): string {
  return outcomeOf(() => {
    const cursor = new Cursor(input, options);
    cursor.skipValue();
    return cursor.offset;
  });
}

function build(input: Uint8Array, options: DecodeOptions): string {
  return outcomeOf(() => {
    const decoder = new Decoder(input, options);
    decoder.readValue();
    return decoder.offset;
  });
}

const CORPUS = [
  ...readTable("bencode.tsv").map((row) => decodeHex(row.hex ?? "")),
  bytes("d1:ci1e1:ai2e1:bl1:xee"),
  bytes("d1:ci1e1:ai2e1:bi3e1:ai4ee"),
  bytes("d1:bd1:bi1e1:ai2ee1:ad1:bi1e1:ai2e1:bi3eee"),
];

for (const [name, options] of OPTIONS) {
  Deno.test(`skipValue() refuses what is refused when it is built, read ${name}`, () => {
    const random = randomOf(29);
    const letters = bytes("deli0123456789:-abc");
    for (const input of CORPUS) assertEquals(skip(input, options), build(input, options));
    for (let round = 0; round < 5000; round++) {
      const input = CORPUS[random(CORPUS.length)]?.slice() ?? new Uint8Array();
      for (let change = random(3); change >= 0; change--) {
        input[random(input.length)] = letters[random(letters.length)] ?? 0;
      }
      assertEquals(skip(input, options), build(input, options), input.toHex());
    }
  });
}

Deno.test("readEntries() finds duplicates among keys in no order, beside those of other dictionaries", () => {
  const options = { allowUnsortedKeys: true };
  const keysOf = (text: string) => {
    const keys: string[] = [];
    new Cursor(bytes(text), options).readEntries((key, cursor) => {
      keys.push(key);
      cursor.skipValue();
    });
    return keys;
  };
  assertEquals(keysOf("d1:bd1:ai1e1:bi1ee1:ai2e1:cd1:bi1e1:ai1eee"), ["b", "a", "c"]);
  for (const text of ["d1:bi1e1:ai2e1:bi3ee", "d1:ci1e1:ad1:zi1e1:yi1ee1:bi1e1:aleee"]) {
    assertThrows(() => keysOf(text), BencodeError, "duplicate");
  }
});

Deno.test("an ItemReader gets each item, and its list comes out empty", () => {
  const items: BencodeValue[] = [];
  const reader = {
    keys: ["a", "b"] as const,
    read: (source: Decoder) => void items.push(source.readValue()),
  };
  const input = bytes("d1:ad1:bli1ed1:bli5eeee1:ci2ee1:bd1:bli3eeee");
  const { value } = decodeBencodePrefix(input, { itemReader: reader });
  assertEquals(items, [1, new Map([["b", [5]]])]);
  assertEquals(value, decodeBencode(bytes("d1:ad1:ble1:ci2ee1:bd1:bli3eeee")));
});

Deno.test("an ItemReader is not asked about what is no list", () => {
  const reader = { keys: ["a", "b"] as const, read: () => fail("it was asked") };
  for (const text of ["d1:ad1:bd1:bleeee", "d1:ali1eee", "d1:ad1:blee1:cli1eee", "d1:b1:ae"]) {
    const { value } = decodeBencodePrefix(bytes(text), { itemReader: reader });
    assertEquals(value, decodeBencode(bytes(text)));
  }
});

Deno.test("an ItemReader changes none of the limits", () => {
  const itemReader = { keys: ["a", "b"] as const, read: (source: Decoder) => source.skipValue() };
  const deep = bytes("d1:ad1:blllleeeeee");
  const { value } = decodeBencodePrefix(deep, { itemReader, maxDepth: 6 });
  assertEquals(dictionaryOf(value)?.size, 1);
  const rows: readonly (readonly [Uint8Array, DecodeOptions, string])[] = [
    [deep, { maxDepth: 5 }, "deeper"],
    [deep, { maxItems: 7 }, "too many"],
    [bytes("d1:ad1:bli1e"), {}, "ends"],
  ];
  for (const [input, options, detail] of rows) {
    assertThrows(
      () => decodeBencodePrefix(input, { ...options, itemReader }),
      BencodeError,
      detail,
    );
  }
});

Deno.test("rootSpans tell the first thing in each value that the standard forbids", () => {
  const input = bytes("d1:ai1e1:bd1:bi1e1:ai02ee1:cli-0e02:xxee");
  const options = { allowUnsortedKeys: true, allowLeadingZeros: true };
  const { rootSpans } = decodeBencodePrefix(input, options);
  assertEquals([...rootSpans].map(([key, { oddity }]) => [key, oddity]), [
    ["a", undefined],
    ["b", 'the key "a" at byte 17 is not in order'],
    ["c", "at byte 30, an integer starts with a zero, or is minus zero"],
  ]);
});
