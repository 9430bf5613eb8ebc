import { assertEquals, assertThrows } from "@std/assert";
import { PeerError } from "../../../lib/base/errors.ts";
import {
  agree,
  KEY_LENGTH,
  makeCiphers,
  makeKeyPair,
  PRIME,
  secureRandom,
} from "../../../lib/peers/mse/keys.ts";
import { randomBytes } from "../../support/torrent_fixture.ts";

function encode(value: bigint): Uint8Array {
  return Uint8Array.fromHex(value.toString(16).padStart(2 * KEY_LENGTH, "0"));
}

Deno.test("makeKeyPair() gives two sides what they agree by", () => {
  for (let round = 0; round < 5; round++) {
    const [ours, theirs] = [makeKeyPair(secureRandom), makeKeyPair(secureRandom)];
    assertEquals(ours.publicKey.length, KEY_LENGTH);
    const secret = agree(ours.privateKey, theirs.publicKey);
    assertEquals(secret, agree(theirs.privateKey, ours.publicKey));
    assertEquals(secret.length, KEY_LENGTH);
  }
});

Deno.test("makeKeyPair() takes its 160 bits from the randomness that is handed in", () => {
  const lengths: number[] = [];
  const { privateKey } = makeKeyPair((lengthBytes) => {
    lengths.push(lengthBytes);
    return randomBytes(lengthBytes, 1);
  });
  assertEquals(lengths, [20]);
  assertEquals(privateKey, BigInt(`0x${randomBytes(20, 1).toHex()}`));
});

Deno.test("agree() refuses a public key that is", async (t) => {
  const rows: readonly (readonly [string, bigint])[] = [
    ["0", 0n],
    ["1", 1n],
    ["p - 1", PRIME - 1n],
    ["p", PRIME],
    ["p + 1", PRIME + 1n],
    ["all ones", 2n ** 768n - 1n],
  ];
  for (const [words, key] of rows) {
    await t.step(words, () => {
      const error = assertThrows(() => agree(5n, encode(key)), PeerError, "is degenerate");
      assertEquals(error.reason, "handshake");
    });
  }
});

Deno.test("agree() takes a public key that is", async (t) => {
  for (const [words, key] of [["2", 2n], ["p - 2", PRIME - 2n]] as const) {
    await t.step(words, () => assertEquals(agree(3n, encode(key)), encode(key ** 3n % PRIME)));
  }
});

Deno.test("makeCiphers() makes a stream for each direction, of both secrets", () => {
  const streamOf = (secret: Uint8Array, infoHash: Uint8Array) => {
    const { dialling, accepting } = makeCiphers(secret, infoHash);
    return [dialling, accepting].map((cipher) => {
      const bytes = new Uint8Array(20);
      cipher.apply(bytes);
      return bytes.toHex();
    });
  };
  const [secret, infoHash] = [randomBytes(96, 1), randomBytes(20, 2)];
  const streams = [
    streamOf(secret, infoHash),
    streamOf(randomBytes(96, 3), infoHash),
    streamOf(secret, randomBytes(20, 3)),
  ].flat();
  assertEquals(new Set(streams).size, 6);
  assertEquals(streamOf(secret, infoHash), streams.slice(0, 2));
});
