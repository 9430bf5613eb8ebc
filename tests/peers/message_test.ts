import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { Framer } from "../../lib/peers/framer.ts";
import { checkMessage, decodeMessage, MESSAGE_ID } from "../../lib/peers/message.ts";
import { readTable } from "../torrent/helpers.ts";

function decode(hex: string) {
  const bytes = Uint8Array.fromHex(hex);
  return decodeMessage(new DataView(bytes.buffer), 4, bytes.length);
}

Deno.test("decodeMessage() reads every message of BEP 3, 5 and 10", () => {
  assertEquals(decode("00000000"), { kind: "keepAlive" });
  assertEquals(decode("0000000100"), { kind: "choke" });
  assertEquals(decode("0000000101"), { kind: "unchoke" });
  assertEquals(decode("0000000102"), { kind: "interested" });
  assertEquals(decode("0000000103"), { kind: "notInterested" });
  assertEquals(decode("0000000504ffffffff"), { kind: "have", pieceIndex: 2 ** 32 - 1 });
  assertEquals(decode("000000020580"), { kind: "bitfield", bits: new Uint8Array([0x80]) });
  assertEquals(decode("0000000d0600000001fffffffe00004000"), {
    kind: "request",
    pieceIndex: 1,
    begin: 2 ** 32 - 2,
    lengthBytes: 16384,
  });
  assertEquals(decode("0000000d0800000001000000020000000a"), {
    kind: "cancel",
    pieceIndex: 1,
    begin: 2,
    lengthBytes: 10,
  });
  assertEquals(decode("0000000b0700000001000040000a0b"), {
    kind: "piece",
    pieceIndex: 1,
    begin: 16384,
    block: new Uint8Array([10, 11]),
  });
  assertEquals(decode("0000000309c8d5"), { kind: "port", port: 51413 });
  assertEquals(decode("00000004140364ff"), {
    kind: "extended",
    extensionId: 3,
    payload: new Uint8Array([0x64, 0xff]),
  });
  assertEquals(decode("00000003ff0102"), { kind: "unknown", id: 255 });
});

Deno.test("decodeMessage() hands out one object for every message without a body", () => {
  assertStrictEquals(decode("0000000101"), decode("0000000101"));
});

Deno.test("checkMessage() says which message is wrong, and how", () => {
  assertThrows(
    () => checkMessage(MESSAGE_ID.choke, 2),
    PeerError,
    "Cannot accept message: choke has 2 bytes, not 1",
  );
  assertThrows(() => checkMessage(MESSAGE_ID.haveAll, 1), PeerError, "haveAll came although");
});

Deno.test("Framer next() treats every vector as its row says", () => {
  for (const { bytes_hex = "", verdict = "", what = "" } of readTable("peerwire.tsv")) {
    const leftover = Uint8Array.fromHex(bytes_hex);
    const framer = new Framer({ bitfieldLength: 2, leftover });
    if (verdict === "refused") assertThrows(() => framer.next(), PeerError, "Cannot accept", what);
    else assertEquals(framer.next()?.kind ?? "waits", verdict, what);
  }
});
