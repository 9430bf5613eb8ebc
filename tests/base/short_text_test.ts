import { assert, assertEquals } from "@std/assert";
import { decodeShortLatin1, decodeShortUtf8, MAX_SHORT_BYTES } from "../../lib/base/short_text.ts";
import { randomOf } from "../torrent/helpers.ts";

const INVALID: readonly (readonly [string, readonly number[]])[] = [
  ["a byte that only continues", [0x80]],
  ["a character cut off after one byte", [0xc3]],
  ["a character cut off after two", [0xe6, 0x97]],
  ["a character cut off after three", [0xf0, 0x9f, 0x98]],
  ["a letter where a character goes on", [0xe6, 0x97, 0x41]],
  ["a slash in two bytes", [0xc0, 0xaf]],
  ["a slash in three bytes", [0xe0, 0x80, 0xaf]],
  ["a slash in four bytes", [0xf0, 0x80, 0x80, 0xaf]],
  ["half of a surrogate pair", [0xed, 0xa0, 0x80]],
  ["what is beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
  ["a first byte of five", [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ["a byte that is never used", [0xff]],
];

for (const [name, bytes] of INVALID) {
  Deno.test(`decodeShortUtf8() refuses ${name}`, () => {
    assertEquals(decodeShortUtf8(Uint8Array.from(bytes)), undefined);
    assertEquals(decodeShortUtf8(Uint8Array.from([0x41, ...bytes, 0x42])), undefined);
  });
}

const TEXTS: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["letters", "read me first.txt"],
  [
    "the first and last character of each length",
    "\0\x7f\x80\u07ff\u0800\uffff\u{10000}\u{10ffff}",
  ],
  ["characters beside the surrogates", "\ud7ff\ue000"],
  ["a byte order mark", "\ufeffa"],
  ["what decoders put for bytes that are not UTF-8", "a\ufffdb"],
  ["as much as it may have", "x".repeat(MAX_SHORT_BYTES)],
];

for (const [name, text] of TEXTS) {
  Deno.test(`decodeShortUtf8() reads ${name}`, () => {
    assertEquals(decodeShortUtf8(new TextEncoder().encode(text)), text);
  });
}

Deno.test("decodeShortUtf8() says of random bytes what a TextDecoder says", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const random = randomOf(11);
  // The ends of all ranges that matter, so that valid texts come up.
  const edges = Uint8Array.fromHex("007f808f909fa0bfc0c1c2dfe0e1ecedeeeff0f1f3f4f5ff");
  let validCount = 0;
  for (let round = 0; round < 50_000; round++) {
    const bytes = Uint8Array.from(
      { length: 1 + random(5) },
      () => edges[random(edges.length)] ?? 0,
    );
    const text = decodeShortUtf8(bytes);
    if (text !== undefined) validCount++;
    assertEquals(text, textOrNothing(decoder, bytes), bytes.toHex());
  }
  assert(validCount > 500, `${validCount} were valid`);
});

function textOrNothing(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // not UTF-8: what is asked
  }
}

Deno.test("decodeShortLatin1() has a character for each byte, and reads just a part", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const text = decodeShortLatin1(bytes, 128, 256);
  assertEquals(Array.from(text, (character) => character.charCodeAt(0)), [...bytes.subarray(128)]);
  assertEquals(decodeShortLatin1(bytes, 65, 68), "ABC");
  assertEquals(decodeShortLatin1(bytes, 5, 5), "");
});
