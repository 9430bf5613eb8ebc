import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { Framer, MAX_READ_BUFFER, MIN_READ_BUFFER } from "../../lib/peers/framer.ts";
import type { Message } from "../../lib/peers/message.ts";
import { Outbox } from "../../lib/peers/outbox.ts";
import { randomOf } from "../torrent/helpers.ts";

/** Feeds bytes in reads of at most what `lengthOf` says, and collects copies of the messages. */
function feed(framer: Framer, bytes: Uint8Array, lengthOf: () => number): Message[] {
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

function takeAll(framer: Framer): Message[] {
  const messages: Message[] = [];
  for (let message = framer.next(); message !== undefined; message = framer.next()) {
    messages.push(copyOf(message));
  }
  return messages;
}

/** A message that outlives the buffer. */
function copyOf(message: Message): Message {
  if (message.kind === "piece") return { ...message, block: message.block.slice() };
  if (message.kind === "bitfield") return { ...message, bits: message.bits.slice() };
  if (message.kind === "extended") return { ...message, payload: message.payload.slice() };
  return message;
}

/** Every message once, of random content. */
function conversation(random: (below: number) => number, outbox: Outbox): Message[] {
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
      const received = feed(new Framer({ bitfieldLength: 5 }), bytes, lengthOf);
      assertEquals(received, sent, `${what}, seed ${seed}`);
    }
    const leftover = bytes.subarray(0, 40 + random(100));
    const framer = new Framer({ leftover });
    const received = feed(framer, bytes.subarray(leftover.length), () => 1000);
    assertEquals(received, sent, `begun with the handshake, seed ${seed}`);
  }
});

Deno.test("Framer takes a bitfield longer than its largest buffer, and gives the memory back", () => {
  const bits = new Uint8Array(2 ** 18).fill(0xaa);
  const outbox = new Outbox();
  outbox.bitfield(bits);
  outbox.unchoke();
  const framer = new Framer({ bitfieldLength: bits.length });
  const received = feed(framer, outbox.take(), () => 100_000);
  assertEquals(received, [{ kind: "bitfield", bits }, { kind: "unchoke" }]);
  framer.space();
  assert(framer.capacity <= MAX_READ_BUFFER);
});

Deno.test("Framer refuses a length beyond the limit after 4 bytes, without memory for it", () => {
  const framer = new Framer();
  const error = assertThrows(
    () => feed(framer, Uint8Array.fromHex("7fffffff"), () => 1),
    PeerError,
    "2147483647 bytes",
  );
  assertStrictEquals(error.reason, "protocol");
  assertStrictEquals(framer.capacity, MIN_READ_BUFFER);
});

Deno.test("Framer accepts any bitfield up to the largest while the pieces are not known", () => {
  const framer = new Framer({ leftover: Uint8Array.fromHex("0004000105") });
  assertStrictEquals(framer.next(), undefined);
  const tooLong = new Framer({ leftover: Uint8Array.fromHex("0004000205") });
  assertThrows(() => tooLong.next(), PeerError);
});

Deno.test("Framer space() grows with full reads and shrinks after a run of small ones", () => {
  const framer = new Framer();
  const keepAlives = new Uint8Array(2 ** 20);
  feed(framer, keepAlives, () => Infinity);
  framer.space();
  assertStrictEquals(framer.capacity, MAX_READ_BUFFER);
  feed(framer, keepAlives.subarray(0, 4 * 1000), () => 4);
  assertStrictEquals(framer.capacity, MIN_READ_BUFFER);
});

Deno.test("Framer commit() refuses more than there is space for", () => {
  const framer = new Framer();
  assertThrows(() => framer.commit(framer.space().length + 1), RangeError);
});

Deno.test("Framer throws nothing but PeerError, and stays small, for mutated conversations", () => {
  const random = randomOf(7);
  for (let round = 0; round < 300; round++) {
    const outbox = new Outbox();
    conversation(random, outbox);
    const bytes = outbox.take().slice();
    for (let change = 0; change < 4; change++) bytes[random(bytes.length)] = random(256);
    const framer = new Framer({ bitfieldLength: 5 });
    try {
      feed(framer, bytes, () => 1 + random(3000));
    } catch (error) {
      assert(error instanceof PeerError, `${error}`);
    }
    assert(framer.capacity <= 2 ** 17);
  }
});
