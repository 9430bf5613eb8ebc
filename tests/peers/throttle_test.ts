import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "../../lib/base/async.ts";
import { RateLimit } from "../../lib/peers/rate_limit.ts";
import { Throttle } from "../../lib/peers/throttle.ts";
import { type Transport, writeAll } from "../../lib/peers/transport.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { makePipe, type PipeEnd } from "../support/pipe.ts";

const KIB = 1024;
/** In bytes per second. */
const RATE = 40 * KIB;
/** In milliseconds. */
const STEP_MS = 20;

/** A peer that sends without end, as far as it is read. */
class Peer {
  readonly transport: Transport;
  readonly end: PipeEnd;
  readBytes = 0;
  readonly ended: Promise<unknown>;

  constructor(throttle: Throttle) {
    const [ours, theirs] = makePipe();
    this.transport = throttle.limit(ours);
    this.end = theirs;
    this.ended = this.#readAll().catch((error: unknown) => error);
  }

  async #readAll(): Promise<void> {
    const into = new Uint8Array(32 * KIB);
    for (;;) {
      const lengthBytes = await this.transport.read(into);
      if (lengthBytes === null) return;
      this.readBytes += lengthBytes;
    }
  }
}

/** Lets time pass in small steps. */
async function pass(clock: FakeClock, durationMs: number, onStep = () => {}): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += STEP_MS) {
    clock.advance(STEP_MS);
    // Whatever is not done by then waits for the clock.
    for (let turn = 0; turn < 200; turn++) await Promise.resolve();
    onStep();
  }
}

Deno.test("Throttle lets all that read have the rate together, in equal parts", async () => {
  const clock = new FakeClock();
  const throttle = new Throttle({ down: RATE }, clock);
  const peers = [0, 1, 2].map(() => new Peer(throttle));
  for (const { end } of peers) await writeAll(end, new Uint8Array(3 * RATE));
  const seconds: number[] = [];
  for (let second = 0, before = 0; second < 3; second++) {
    await pass(clock, 1000);
    const total = peers.reduce((sum, { readBytes }) => sum + readBytes, 0);
    seconds.push(total - before);
    before = total;
  }
  for (const bytes of seconds) assert(Math.abs(bytes - RATE) <= 4 * KIB, `${seconds}`);
  const [least, , most] = peers.map(({ readBytes }) => readBytes).toSorted((a, b) => a - b);
  assert((most ?? 0) - (least ?? 0) <= 2 * KIB, `${least} to ${most}`);
  for (const { transport } of peers) transport[Symbol.dispose]();
});

Deno.test("Throttle gives what the silent do not use to those that speak", async () => {
  const clock = new FakeClock();
  const throttle = new Throttle({ down: RATE }, clock);
  const silent = Array.from({ length: 20 }, () => new Peer(throttle));
  const speaking = new Peer(throttle);
  await writeAll(speaking.end, new Uint8Array(3 * RATE));
  await pass(clock, 1000);
  const before = speaking.readBytes;
  await pass(clock, 1000);
  assert(speaking.readBytes - before >= 0.95 * RATE, `${speaking.readBytes - before}`);
  for (const { transport } of [...silent, speaking]) transport[Symbol.dispose]();
});

Deno.test("Throttle is held up by its limit, and not by a peer that says nothing", async () => {
  const clock = new FakeClock();
  const peer = new Peer(new Throttle({ down: RATE }, clock));
  assert(peer.transport.isHeldUp);
  await pass(clock, 1000);
  assert(!peer.transport.isHeldUp);
  await writeAll(peer.end, new Uint8Array(RATE));
  await pass(clock, 500);
  assert(peer.transport.isHeldUp);
  peer.transport[Symbol.dispose]();
});

Deno.test("Throttle writes no more than its limit, in any second", async () => {
  const clock = new FakeClock();
  const throttle = new Throttle({ up: RATE }, clock);
  const ends = [makePipe(), makePipe()];
  const transports = ends.map(([ours]) => throttle.limit(ours));
  const writing = transports.map(async (transport) => {
    let rest = new Uint8Array(2 * RATE);
    while (rest.length > 0) rest = rest.subarray(await transport.write(rest));
  });
  const sums: number[] = [];
  await pass(clock, 4100, () => {
    sums.push(ends.reduce((sum, [ours]) => sum + ours.written.length, 0));
  });
  await Promise.all(writing);
  assertEquals(sums.at(-1), 4 * RATE);
  const busiest = Math.max(...sums.map((sum, at) => sum - (sums[at - 1000 / STEP_MS] ?? 0)));
  assert(busiest <= 1.1 * RATE, `${busiest}`);
  const firstSecond = sums[1000 / STEP_MS - 1] ?? 0;
  assert(firstSecond >= 0.95 * RATE, `${firstSecond}`);
});

Deno.test("Throttle lets a small message out at once, as long as there are few", async () => {
  const clock = new FakeClock();
  const [ours, theirs] = makePipe();
  const transport = new Throttle({ up: RATE }, clock).limit(ours);
  const mostBytes = 0.1 * RATE;
  for (let at = 0; at + 512 <= mostBytes; at += 512) await transport.write(new Uint8Array(512));
  assertEquals(ours.written.length, mostBytes);
  const next = transport.write(new Uint8Array(512));
  await delay(0);
  assertEquals(ours.written.length, mostBytes);
  await pass(clock, 200);
  assertEquals(await next, 512);
  theirs[Symbol.dispose]();
});

Deno.test("Throttle leaves a direction alone that has no limit", async () => {
  const clock = new FakeClock();
  const [ours, theirs] = makePipe();
  const transport = new Throttle({ up: RATE }, clock).limit(ours);
  await theirs.write(new Uint8Array(10_000));
  assertEquals(await transport.read(new Uint8Array(20_000)), 10_000);
  assert(!transport.isHeldUp);
});

Deno.test("Throttle lets a connection end that waits, and others go on", async () => {
  const clock = new FakeClock();
  const throttle = new Throttle({ down: RATE, up: RATE }, clock);
  const [one, other] = [new Peer(throttle), new Peer(throttle)];
  const writing = assertRejects(() => one.transport.write(new Uint8Array(RATE)), DOMException);
  one.transport[Symbol.dispose]();
  assert(await one.ended instanceof DOMException);
  await writing;
  await other.end.write(new Uint8Array(KIB));
  await pass(clock, 100);
  assertEquals(other.readBytes, KIB);
  other.transport[Symbol.dispose]();
  await other.ended;
  assertEquals(clock.waiting, 0, "a timer is left");
});

Deno.test("RateLimit asks for portions that fit its rate", () => {
  const portions = [1, 1024, 1024 ** 2, 1024 ** 3].map((rate) => new RateLimit(rate).portionBytes);
  assertEquals(portions, [1024, 1024, 5243, 5_368_710]);
});
