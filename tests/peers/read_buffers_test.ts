import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { plainMemory } from "../../lib/base/memory.ts";
import { Framer } from "../../lib/peers/framer.ts";
import { MAX_BITFIELD, MAX_MESSAGE } from "../../lib/peers/message.ts";
import { Outbox } from "../../lib/peers/outbox.ts";
import {
  LARGE_BUFFER,
  readBufferBytes,
  ReadBuffers,
  SMALL_BUFFER,
} from "../../lib/peers/read_buffers.ts";

/** How many large buffers are lent to those who could do without. */
const MAX_LENT = 3;

/** The start of an extended message, or of a bitfield, of which more is to come. */
const BEGUN = { extended: "0000e0011400", bitfield: "0004000105" } as const;

/** Framers that share one memory, made for so many. */
function makeFramers(count: number): Framer[] {
  const buffers = new ReadBuffers(plainMemory(readBufferBytes(count)));
  return Array.from({ length: count }, () => new Framer({ buffers }));
}

/** Reads as much as there is space for: keep-alives. */
function readFull(framer: Framer): void {
  const space = framer.space();
  framer.commit(space.fill(0).length);
  while (framer.next() !== undefined);
}

/** Reads the first `lengthBytes` bytes of a message. */
function readBegun(framer: Framer, hex: string, lengthBytes: number): void {
  const start = Uint8Array.fromHex(hex);
  for (let done = 0; done < lengthBytes;) {
    const space = framer.space().subarray(0, lengthBytes - done).fill(0);
    if (done === 0) space.set(start);
    framer.commit(space.length);
    done += space.length;
    assertEquals(framer.next(), undefined);
  }
}

function lentAmong(framers: readonly Framer[]): number {
  for (const framer of framers) framer.space();
  return framers.filter(({ capacity }) => capacity === LARGE_BUFFER).length;
}

Deno.test("a small buffer takes a block with its header, a large one any message", () => {
  assert(SMALL_BUFFER >= 4 + 9 + 16 * 1024);
  assert(LARGE_BUFFER >= 4 + MAX_MESSAGE && LARGE_BUFFER % 4096 === 0);
});

Deno.test("ReadBuffers lends no more than a few large buffers at once, and each again", () => {
  const framers = makeFramers(20);
  for (const framer of framers) readFull(framer);
  assertEquals(lentAmong(framers), MAX_LENT);
  const [first, ...others] = framers;
  assertEquals(first?.capacity, LARGE_BUFFER);
  first?.commit(4);
  for (const framer of others) readFull(framer);
  assertEquals(lentAmong(framers), MAX_LENT);
  assertEquals(first?.capacity, SMALL_BUFFER, "who needs it no more has given it to another");
});

Deno.test("ReadBuffers has a large buffer for a message that needs one, though all are lent", () => {
  const framers = makeFramers(12);
  const [needy, ...others] = framers;
  assert(needy !== undefined);
  for (const framer of others) readFull(framer);
  assertEquals(lentAmong(others), MAX_LENT);
  const bits = new Uint8Array(MAX_BITFIELD).fill(0xaa);
  const outbox = new Outbox();
  outbox.bitfield(bits);
  const bytes = outbox.take();
  for (let at = 0; at < bytes.length;) {
    const space = needy.space();
    space.set(bytes.subarray(at, at + space.length));
    needy.commit(Math.min(space.length, bytes.length - at));
    at += space.length;
    const message = needy.next();
    if (at < bytes.length) assertEquals(message, undefined);
    else assert(message?.kind === "bitfield" && message.bits.every((byte) => byte === 0xaa));
  }
  assertEquals(lentAmong(others), MAX_LENT);
});

Deno.test("readBufferBytes() is room for so many connections, each in a message that needs a large one", () => {
  for (const count of [1, 5, 30]) {
    const framers = makeFramers(count);
    for (const framer of framers) readBegun(framer, BEGUN.bitfield, 200_000);
    assertEquals(lentAmong(framers), count);
  }
});

const STATES: readonly (readonly [string, (framer: Framer) => void])[] = [
  ["nothing was read", () => {}],
  ["with something in the small buffer", (framer) => readBegun(framer, BEGUN.extended, 100)],
  ["after a full read", readFull],
  ["with a large buffer", (framer) => {
    readFull(framer);
    framer.space();
  }],
  ["in the middle of a long message", (framer) => readBegun(framer, BEGUN.extended, 50_000)],
];

for (const [name, read] of STATES) {
  Deno.test(`Framer gives its buffers back when it is disposed: ${name}`, () => {
    const buffers = new ReadBuffers(plainMemory(4 * (SMALL_BUFFER + LARGE_BUFFER)));
    for (let round = 0; round < 3000; round++) {
      using one = new Framer({ buffers });
      using two = new Framer({ buffers });
      read(one);
      read(two);
    }
    const framers = Array.from({ length: 3 }, () => new Framer({ buffers }));
    for (const framer of framers) readBegun(framer, BEGUN.bitfield, 40_000);
    assertEquals(lentAmong(framers), 3);
  });

  Deno.test(`Framer leaves the memory of others alone when it is disposed: ${name}`, () => {
    const memory = plainMemory(4 * (SMALL_BUFFER + LARGE_BUFFER));
    const buffers = new ReadBuffers(memory);
    const framer = new Framer({ buffers });
    const others = memory.allocate(2 * LARGE_BUFFER);
    memory.bytes.fill(0xee, others, others + 2 * LARGE_BUFFER);
    read(framer);
    framer[Symbol.dispose]();
    const changed = memory.bytes.subarray(others, others + 2 * LARGE_BUFFER)
      .findIndex((byte) => byte !== 0xee);
    assertEquals(changed, -1);
  });
}

Deno.test("Framer gives its buffers back once, however often it is disposed", () => {
  const buffers = new ReadBuffers(plainMemory(2 * (SMALL_BUFFER + LARGE_BUFFER)));
  const framer = new Framer({ buffers });
  for (let time = 0; time < 3; time++) framer[Symbol.dispose]();
  const [one, two] = [new Framer({ buffers }), new Framer({ buffers })];
  assertNotEquals(one.space().byteOffset, two.space().byteOffset);
  assertThrows(() => Array.from({ length: 100 }, () => new Framer({ buffers })), RangeError);
});
