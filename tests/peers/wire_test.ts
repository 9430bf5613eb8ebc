import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { plainMemory } from "../../lib/base/memory.ts";
import { PeerError } from "../../lib/base/errors.ts";
import { Outbox } from "../../lib/peers/outbox.ts";
import { LARGE_BUFFER, ReadBuffers, SMALL_BUFFER } from "../../lib/peers/read_buffers.ts";
import type { Transport } from "../../lib/peers/transport.ts";
import { Wire } from "../../lib/peers/wire.ts";
import { makeHandshake } from "../support/fake_peer.ts";

const REASON = new PeerError("enough", "surplus");
const CONNECTION = SMALL_BUFFER + LARGE_BUFFER;

/** A connection of which the test says when a read ends, and with what. */
class Line implements Transport {
  readonly remote = { host: "10.0.0.1", port: 6881 };
  #into = new Uint8Array();
  #read = Promise.withResolvers<number | null>();

  read(into: Uint8Array): Promise<number | null> {
    this.#into = into as Uint8Array<ArrayBuffer>;
    this.#read = Promise.withResolvers();
    return this.#read.promise;
  }

  /** Where the pending read goes, in its memory. */
  get place(): number {
    return this.#into.byteOffset;
  }

  /** The pending read brings this, or as much of it as there is space for. */
  bring(bytes: Uint8Array): void {
    const part = bytes.subarray(0, this.#into.length);
    this.#into.set(part);
    this.#read.resolve(part.length);
  }

  /** The pending read tells the end of the stream. */
  end(): void {
    this.#read.resolve(null);
  }

  /** The pending read fails, as it does some time after its socket was closed. */
  breakOff(): void {
    this.#read.reject(new Deno.errors.Interrupted("operation canceled"));
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(bytes.length);
  }

  [Symbol.dispose](): void {}
}

function makeWire(buffers: ReadBuffers, line: Transport = new Line()): Wire {
  const options = { isIncoming: false, leftover: new Uint8Array(), bitfieldLength: 1 };
  return new Wire(line, { ...options, handshake: makeHandshake(), buffers });
}

/** Where the next wire of a pool reads into. */
function nextPlace(buffers: ReadBuffers): number {
  const line = new Line();
  makeWire(buffers, line).read().catch(() => {});
  return line.place;
}

function messages(say: (outbox: Outbox) => void): Uint8Array {
  const outbox = new Outbox();
  say(outbox);
  return outbox.take();
}

Deno.test("Wire brings messages whose blocks lie in its memory", async () => {
  const buffers = new ReadBuffers(plainMemory(CONNECTION));
  const line = new Line();
  using wire = makeWire(buffers, line);
  assertStrictEquals(wire.memory, buffers.memory);
  const reading = wire.read();
  line.bring(messages((outbox) => outbox.piece(7, 0, Uint8Array.of(1, 2, 3))));
  assertEquals(await reading, 16);
  const message = wire.next();
  assert(message?.kind === "piece");
  const { start, lengthBytes } = message;
  assertEquals([...wire.memory.bytes.subarray(start, start + lengthBytes)], [1, 2, 3]);
  assertEquals(wire.next(), undefined);
});

Deno.test("Wire gives its buffers back when it is disposed: one place serves thousands", () => {
  const buffers = new ReadBuffers(plainMemory(CONNECTION));
  for (let count = 0; count < 3000; count++) {
    const wire = makeWire(buffers);
    wire[Symbol.dispose]();
    wire[Symbol.dispose]();
  }
  using _last = makeWire(buffers);
});

Deno.test("Wire keeps its buffers until a read has ended, which may still write into them", async () => {
  const buffers = new ReadBuffers(plainMemory(4 * CONNECTION));
  const line = new Line();
  const wire = makeWire(buffers, line);
  const reading = wire.read();
  const { place } = line;
  wire.close(REASON);
  assert(nextPlace(buffers) !== place, "nobody else reads there");
  line.breakOff();
  assertStrictEquals(await assertRejects(() => reading), REASON);
  assertEquals(nextPlace(buffers), place);
});

/** How a read ends in the moment in which its wire is closed. */
const LAST_READS: readonly (readonly [string, (line: Line) => void])[] = [
  ["has just brought a little", (line) => line.bring(new Uint8Array(100))],
  ["has just filled a large buffer", (line) => line.bring(new Uint8Array(LARGE_BUFFER))],
  ["has just come to the end", (line) => line.end()],
  ["fails for it", (line) => line.breakOff()],
];

for (const [name, endRead] of LAST_READS) {
  Deno.test(`Wire throws the reason of its close() from a read that ${name}`, async () => {
    const buffers = new ReadBuffers(plainMemory(4 * CONNECTION));
    const line = new Line();
    const wire = makeWire(buffers, line);
    const first = wire.read();
    line.bring(new Uint8Array(SMALL_BUFFER)); // the next one is large
    await first;
    while (wire.next() !== undefined);
    const reading = wire.read();
    endRead(line);
    wire.close(REASON);
    assertStrictEquals(await assertRejects(() => reading), REASON);
    assertEquals(wire.next(), undefined);
  });
}

Deno.test("Wire has no more messages once it is closed: others read into its buffers", async () => {
  const buffers = new ReadBuffers(plainMemory(4 * CONNECTION));
  const line = new Line();
  const wire = makeWire(buffers, line);
  const reading = wire.read();
  line.bring(messages((outbox) => {
    outbox.unchoke();
    outbox.have(3);
  }));
  await reading;
  assertEquals(wire.next(), { kind: "unchoke" });
  wire.close(REASON);
  assertEquals(wire.next(), undefined);
  assertStrictEquals(await assertRejects(() => wire.read()), REASON);
});

/** A connection that takes at most so many bytes of each write, and keeps them. */
class Sink extends Line {
  readonly taken: number[][] = [];
  /** What the next write fails with. */
  failure: Error | undefined;

  override write(bytes: Uint8Array): Promise<number> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const part = bytes.slice(0, 7);
    this.taken.push([...part]);
    return Promise.resolve(part.length);
  }
}

Deno.test("Wire writes all, however little is taken at a time, and tells onDrained once all is written", async () => {
  const sink = new Sink();
  using wire = makeWire(new ReadBuffers(), sink);
  const { promise, resolve } = Promise.withResolvers<void>();
  const drained: boolean[] = [];
  wire.onDrained = () => {
    drained.push(wire.isWriting);
    if (drained.length === 1) return wire.outbox.have(2); // is written without being flushed
    resolve();
  };
  wire.outbox.have(1);
  wire.flush();
  assert(wire.isWriting);
  wire.outbox.unchoke(); // waits for its turn
  await promise;
  const have = (pieceIndex: number) => [0, 0, 0, 5, 4, 0, 0, 0, pieceIndex];
  assertEquals(sink.taken.flat(), [...have(1), 0, 0, 0, 1, 1, ...have(2)]);
  assertEquals([drained, wire.isWriting], [[false, false], false]);
});

Deno.test("Wire ends its read with what a write failed with", async () => {
  const sink = new Sink();
  using wire = makeWire(new ReadBuffers(), sink);
  const reading = wire.read();
  sink.failure = new Deno.errors.BrokenPipe("gone");
  wire.outbox.unchoke();
  wire.flush();
  await Promise.resolve();
  await Promise.resolve();
  assert(!wire.isOpen);
  sink.breakOff();
  const error = await assertRejects(() => reading, PeerError, "gone");
  assertStrictEquals(error.cause, sink.failure);
});
