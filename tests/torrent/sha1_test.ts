import { createHash } from "node:crypto";
import { assertEquals } from "@std/assert";
import { createSha1, loadPlatformSha1, sha1 } from "../../lib/torrent/sha1.ts";
import { bytes, randomOf } from "./helpers.ts";

/** The examples of FIPS 180 and RFC 3174. */
const VECTORS: readonly (readonly [string, string, string])[] = [
  ["nothing", "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
  ["three letters", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"],
  [
    "what leaves no room for the length",
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
  ],
  ["a million letters", "a".repeat(1e6), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"],
  ["ten blocks", "01234567".repeat(80), "dea356a2cddd90c7a7ecedc5ebb563934f460452"],
];

for (const [name, text, hex] of VECTORS) {
  Deno.test(`sha1() hashes ${name}`, () => assertEquals(sha1(bytes(text)).toHex(), hex));
}

Deno.test("sha1() hashes random bytes of every length up to four blocks as node:crypto does", () => {
  const random = randomOf(23);
  const buffer = Uint8Array.from({ length: 600 }, () => random(256));
  for (let length = 0; length <= 257; length++) {
    const start = random(300);
    const part = buffer.subarray(start, start + length);
    assertEquals(sha1(part).toHex(), createHash("sha1").update(part).digest("hex"), `${length}`);
  }
});

Deno.test("createSha1() hashes bytes in parts of any length as sha1() does at once", () => {
  const random = randomOf(29);
  const buffer = Uint8Array.from({ length: 1000 }, () => random(256));
  for (let tries = 0; tries < 200; tries++) {
    const hash = createSha1();
    let end = 0;
    while (end < buffer.length) {
      const start = end;
      end = Math.min(buffer.length, start + random(150));
      hash.update(buffer.subarray(start, end));
    }
    assertEquals(hash.digest().toHex(), sha1(buffer).toHex());
  }
});

// The last one: what is loaded stays.
Deno.test("loadPlatformSha1() changes nothing but the time that sha1() takes", async () => {
  const input = Uint8Array.from({ length: 1000 }, (_, index) => index);
  const before = sha1(input.subarray(3));
  await loadPlatformSha1();
  assertEquals(sha1(input.subarray(3)), before);
});
