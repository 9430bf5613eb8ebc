import { assert, assertEquals, assertThrows } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { toPeerId } from "../../lib/base/identity.ts";
import {
  checkHandshakePrefix,
  decodeHandshake,
  encodeHandshake,
  HANDSHAKE_LENGTH,
  isHandshakePrefix,
} from "../../lib/peers/handshake.ts";
import { bytes, randomOf } from "../torrent/helpers.ts";

const infoHash = Uint8Array.from({ length: 20 }, (_, at) => at);
const peerId = toPeerId(bytes("-WE0100-abcdefghijkl"));

Deno.test("encodeHandshake() writes 68 bytes that offer extensions and the fast one", () => {
  const encoded = encodeHandshake({ infoHash, peerId });
  assertEquals(encoded.length, HANDSHAKE_LENGTH);
  assertEquals(HANDSHAKE_LENGTH, 68);
  assertEquals(encoded.subarray(20, 28).toHex(), "0000000000100004");
});

Deno.test("decodeHandshake() reads what encodeHandshake() wrote, as copies", () => {
  const encoded = encodeHandshake({ infoHash, peerId, reserved: bytes("\0\0\0\0\0\0\0\x05") });
  const { reserved: _, ...rest } = decodeHandshake(encoded);
  encoded.fill(0);
  const supports = { supportsExtensions: true, supportsFast: true, supportsDht: true };
  assertEquals(rest, { infoHash, peerId, ...supports });
});

Deno.test("encodeHandshake() refuses what has the wrong length", () => {
  assertThrows(() => encodeHandshake({ infoHash: bytes("short"), peerId }), RangeError);
  assertThrows(() => encodeHandshake({ infoHash, peerId, reserved: bytes("1") }), RangeError);
});

Deno.test("decodeHandshake() refuses what is no handshake", () => {
  const whole = encodeHandshake({ infoHash, peerId });
  const cases: readonly [string, Uint8Array][] = [
    [
      "an HTTP request",
      Uint8Array.fromHex("474554202f20485454502f312e310d0a486f73743a20780d0a0d0a"),
    ],
    ["one byte short", whole.subarray(0, 67)],
    ["one byte long", new Uint8Array([...whole, 0])],
    [
      "another protocol",
      new Uint8Array([...bytes("\x13BitTorrent protocoL"), ...whole.subarray(20)]),
    ],
    ["nothing", new Uint8Array(0)],
  ];
  for (const [what, input] of cases) {
    const error = assertThrows(() => decodeHandshake(input), PeerError, "handshake", what);
    assertEquals(error.reason, "handshake");
  }
});

Deno.test("checkHandshakePrefix() tells at the first wrong byte", () => {
  const whole = encodeHandshake({ infoHash, peerId });
  for (let length = 0; length <= whole.length; length++) {
    checkHandshakePrefix(whole.subarray(0, length));
  }
  assertThrows(() => checkHandshakePrefix(bytes("G")), PeerError, 'starts with "G"');
  assert(!isHandshakePrefix(bytes("\x13BitTorrent q")));
});

Deno.test("decodeHandshake() throws nothing but PeerError for random bytes", () => {
  const random = randomOf(1);
  for (let round = 0; round < 2000; round++) {
    const input = encodeHandshake({ infoHash, peerId });
    input[random(68)] = random(256);
    try {
      decodeHandshake(input.subarray(0, 60 + random(9)));
    } catch (error) {
      assert(error instanceof PeerError);
    }
  }
});
