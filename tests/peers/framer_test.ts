import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { plainMemory } from "../../lib/base/memory.ts";
import { Framer } from "../../lib/peers/framer.ts";
import type { Message, PieceMessage } from "../../lib/peers/message.ts";
import { Outbox } from "../../lib/peers/outbox.ts";
import { LARGE_BUFFER, ReadBuffers, SMALL_BUFFER } from "../../lib/peers/read_buffers.ts";
import { randomOf } from "../torrent/helpers.ts";

/** A message that outlives the buffer; of a piece message, the block itself. */
type Received =
  | Exclude<Message, Readonly<PieceMessage>>
  | (Pick<PieceMessage, "kind" | "pieceIndex" | "begin"> & { readonly block: Uint8Array });

/** Feeds bytes in reads of at most what `lengthOf` says, and collects copies of the messages. */
function feed(framer: Framer, bytes: Uint8Array, lengthOf: () => number): Received[] {
  const messages = takeAll(framer);
  for (let at = 0; at < bytes.length;) {
    const space = framer.space();
    const length = Math.min(space.length, lengthOf(), bytes.length - at);
    assert(length > 0, "there is always space");
    space.set(bytes.subarray(at, at + length));
    framer.commit(length);
    at += length;
    messages.push(...takeAll(framer));
  }
  return messages;
}

function takeAll(framer: Framer): Received[] {
  const messages: Received[] = [];
  for (let message = framer.next(); message !== undefined; message = framer.next()) {
    messages.push(copyOf(message, framer));
  }
  return messages;
}

function copyOf(message: Message, { memory }: Framer): Received {
  if (message.kind === "piece") {
    const { kind, pieceIndex, begin, start, lengthBytes } = message;
    return { kind, pieceIndex, begin, block: memory.bytes.slice(start, start + lengthBytes) };
  }
  if (message.kind === "bitfield") return { ...message, bits: message.bits.slice() };
  if (message.kind === "extended") return { ...message, payload: message.payload.slice() };
  return message;
}

/** Every message once, of random content. */
function conversation(random: (below: number) => number, outbox: Outbox): Received[] {
  const block = Uint8Array.from({ length: 1 + random(16384) }, () => random(256));
  const bits = Uint8Array.from({ length: 5 }, () => random(256));
  const at = { pieceIndex: random(2 ** 32), begin: random(2 ** 32) };
  const lengthBytes = random(2 ** 32);
  outbox.bitfield(bits);
  outbox.extended(0, block.subarray(0, 9));
  outbox.choke();
  outbox.unchoke();
  outbox.keepAlive();
  outbox.interested();
  outbox.notInterested();
  outbox.have(at.pieceIndex);
  outbox.request(at.pieceIndex, at.begin, lengthBytes);
  outbox.piece(at.pieceIndex, at.begin, block);
  outbox.cancel(at.pieceIndex, at.begin, lengthBytes);
  outbox.haveAll();
  outbox.haveNone();
  outbox.suggestPiece(at.pieceIndex);
  outbox.allowedFast(at.pieceIndex);
  outbox.rejectRequest(at.pieceIndex, at.begin, lengthBytes);
  return [
    { kind: "bitfield", bits },
    { kind: "extended", extensionId: 0, payload: block.slice(0, 9) },
    { kind: "choke" },
    { kind: "unchoke" },
    { kind: "keepAlive" },
    { kind: "interested" },
    { kind: "notInterested" },
    { kind: "have", pieceIndex: at.pieceIndex },
    { kind: "request", ...at, lengthBytes },
    { kind: "piece", ...at, block },
    { kind: "cancel", ...at, lengthBytes },
    { kind: "haveAll" },
    { kind: "haveNone" },
    { kind: "suggestPiece", pieceIndex: at.pieceIndex },
    { kind: "allowedFast", pieceIndex: at.pieceIndex },
    { kind: "rejectRequest", ...at, lengthBytes },
  ];
}

Deno.test("Framer finds the same messages however they are delivered", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomOf(seed);
    const outbox = new Outbox();
    const sent = [...conversation(random, outbox), ...conversation(random, outbox)];
    const bytes = outbox.take().slice();
    const deliveries: readonly [string, () => number][] = [
      ["one byte at a time", () => 1],
      ["at random", () => 1 + random(5000)],
      ["all at once", () => Infinity],
    ];
    for (const [what, lengthOf] of deliveries) {
      const received = feed(new Framer({ bitfieldLength: 5, hasFast: true }), bytes, lengthOf);
      assertEquals(received, sent, `${what}, seed ${seed}`);
    }
    const leftover = bytes.subarray(0, 40 + random(100));
    const framer = new Framer({ leftover, hasFast: true });
    const received = feed(framer, bytes.subarray(leftover.length), () => 1000);
    assertEquals(received, sent, `begun with the handshake, seed ${seed}`);
  }
});

Deno.test("Framer takes the longest bitfield, and goes back to its small buffer", () => {
  const bits = new Uint8Array(2 ** 18).fill(0xaa);
  const outbox = new Outbox();
  outbox.bitfield(bits);
  outbox.unchoke();
  const framer = new Framer({ bitfieldLength: bits.length });
  const received = feed(framer, outbox.take(), () => 100_000);
  assertEquals(received, [{ kind: "bitfield", bits }, { kind: "unchoke" }]);
  framer.space();
  assertStrictEquals(framer.capacity, SMALL_BUFFER);
});

Deno.test("Framer refuses a length beyond the limit after 4 bytes, without memory for it", () => {
  const framer = new Framer();
  const error = assertThrows(
    () => feed(framer, Uint8Array.fromHex("7fffffff"), () => 1),
    PeerError,
    "2147483647 bytes",
  );
  assertStrictEquals(error.reason, "protocol");
  assertStrictEquals(framer.space().length, SMALL_BUFFER - 4);
});

Deno.test("Framer accepts any bitfield up to the largest while the pieces are not known", () => {
  const framer = new Framer({ leftover: Uint8Array.fromHex("0004000105") });
  assertStrictEquals(framer.next(), undefined);
  const tooLong = new Framer({ leftover: Uint8Array.fromHex("0004000205") });
  assertThrows(() => tooLong.next(), PeerError);
});

Deno.test("Framer space() is large after a full read, and small after one that leaves space", () => {
  const framer = new Framer();
  const reads: readonly (readonly [string, (space: number) => number, number])[] = [
    ["at first", () => 8, SMALL_BUFFER],
    ["after a small read", (space) => space, SMALL_BUFFER],
    ["after a full read", (space) => space, LARGE_BUFFER],
    ["after another", (space) => space - 4, LARGE_BUFFER],
    ["after one that left space", (space) => space - 4, SMALL_BUFFER],
    ["after one that almost filled it", (space) => space, SMALL_BUFFER],
    ["after a full read again", () => 4, LARGE_BUFFER],
    ["after a short one", () => 4, SMALL_BUFFER],
  ];
  for (const [words, lengthOf, capacity] of reads) {
    const space = framer.space();
    assertEquals([framer.capacity, space.length], [capacity, capacity], words);
    framer.commit(lengthOf(space.length)); // zeros: keep-alives
    assertEquals(takeAll(framer).length, lengthOf(space.length) / 4);
  }
});

Deno.test("Framer waits in a small buffer after rest(), unless the last read was full", () => {
  const framer = new Framer();
  framer.commit(framer.space().length - 4);
  takeAll(framer);
  framer.rest();
  framer.space();
  assertEquals(framer.capacity, SMALL_BUFFER);
  framer.commit(SMALL_BUFFER);
  takeAll(framer);
  framer.rest();
  framer.space();
  assertEquals(framer.capacity, LARGE_BUFFER);
});

Deno.test("Framer keeps what is left of a message when it changes its buffer", () => {
  const outbox = new Outbox();
  const blocks = Array.from({ length: 9 }, (_, n) => new Uint8Array(2 ** 14).fill(n + 1));
  for (const [index, block] of blocks.entries()) outbox.piece(index, 0, block);
  const bytes = outbox.take();
  // Full reads first, which end within a message; then the rest byte by byte.
  const framer = new Framer();
  const received = [
    ...feed(framer, bytes.subarray(0, 7 * 2 ** 14), () => Infinity),
    ...feed(framer, bytes.subarray(7 * 2 ** 14), () => 1),
  ];
  assertEquals(
    received,
    blocks.map((block, pieceIndex) => ({ kind: "piece" as const, pieceIndex, begin: 0, block })),
  );
});

Deno.test("Framer fills one object for all blocks", () => {
  const outbox = new Outbox();
  for (const index of [1, 2]) outbox.piece(index, 0, new Uint8Array(10));
  const framer = new Framer({ leftover: outbox.take() });
  const first = framer.next();
  assert(first?.kind === "piece");
  assertEquals(first.pieceIndex, 1);
  assertStrictEquals(framer.next(), first);
  assertEquals(first.pieceIndex, 2);
});

Deno.test("Framer commit() refuses more than there is space for", () => {
  const framer = new Framer();
  assertThrows(() => framer.commit(framer.space().length + 1), RangeError);
});

Deno.test("Framer throws nothing but PeerError, and stays within its buffers, for mutated conversations", () => {
  const random = randomOf(7);
  // Room for one connection: whoever came before has given everything back.
  const buffers = new ReadBuffers(plainMemory(SMALL_BUFFER + LARGE_BUFFER));
  for (let round = 0; round < 300; round++) {
    const outbox = new Outbox();
    conversation(random, outbox);
    const bytes = outbox.take().slice();
    for (let change = 0; change < 4; change++) bytes[random(bytes.length)] = random(256);
    using framer = new Framer({ bitfieldLength: 5, buffers });
    try {
      feed(framer, bytes, () => 1 + random(3000));
    } catch (error) {
      assert(error instanceof PeerError, `${error}`);
    }
  }
});
