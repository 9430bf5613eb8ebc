import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { Framer } from "../../lib/peers/framer.ts";
import {
  checkMessage,
  decodeMessage,
  type Message,
  MESSAGE_ID,
  PieceMessage,
} from "../../lib/peers/message.ts";
import { readTable } from "../torrent/helpers.ts";

/** Decodes a message that stands behind its length. */
function decode(hex: string, piece?: PieceMessage): Message {
  const bytes = Uint8Array.fromHex(hex);
  const place = { start: 4, end: bytes.length, ...(piece === undefined ? {} : { piece }) };
  return decodeMessage(new DataView(bytes.buffer), place);
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
  assertEquals(
    decode("0000000b0700000001000040000a0b"),
    pieceMessage({ pieceIndex: 1, begin: 16384, start: 13, lengthBytes: 2 }),
  );
  assertEquals(decode("0000000309c8d5"), { kind: "port", port: 51413 });
  assertEquals(decode("00000004140364ff"), {
    kind: "extended",
    extensionId: 3,
    payload: new Uint8Array([0x64, 0xff]),
  });
  assertEquals(decode("00000003ff0102"), { kind: "unknown", id: 255 });
});

function pieceMessage(fields: Omit<PieceMessage, "kind">): PieceMessage {
  return Object.assign(new PieceMessage(), fields);
}

Deno.test("decodeMessage() tells where a block lies in what the view shows of memory", () => {
  const bytes = Uint8Array.fromHex("ffffffff0000000a0700000001000040000aff");
  const place = { start: 4, end: 14 };
  const message = decodeMessage(new DataView(bytes.buffer, 4), place);
  assertEquals(
    message,
    pieceMessage({ pieceIndex: 1, begin: 16384, start: 13, lengthBytes: 1 }),
  );
});

const BLOCKS = [
  ["0000000c0700000007000080000a0b0c", { pieceIndex: 7, begin: 32768, start: 13, lengthBytes: 3 }],
  ["0000000a0700000000000000000d", { pieceIndex: 0, begin: 0, start: 13, lengthBytes: 1 }],
] as const;

Deno.test("decodeMessage() fills the one object that it is given for blocks, whole", () => {
  const piece = new PieceMessage();
  for (const [hex, fields] of BLOCKS) {
    assertStrictEquals(decode(hex, piece), piece);
    assertEquals(piece, pieceMessage(fields));
  }
  assert(decode(BLOCKS[0][0]) !== decode(BLOCKS[0][0]), "a new one where none is given");
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
