import { assert, assertEquals } from "@std/assert";
import { TokenBucket } from "../../lib/base/token_bucket.ts";
import { randomOf } from "../torrent/helpers.ts";

const RATE = { bytesPerSecond: 1000, capacityBytes: 100, nowMs: 0 };

Deno.test("TokenBucket is empty at first, and fills at its rate up to its capacity", () => {
  const bucket = new TokenBucket(RATE);
  assert(!bucket.take(1, 0));
  assert(!bucket.take(51, 50));
  assert(bucket.take(50, 50));
  assert(!bucket.take(101, 10_000));
  assert(bucket.take(100, 10_000));
  assert(!bucket.take(1, 10_000));
});

Deno.test("TokenBucket says how long to wait", () => {
  const bucket = new TokenBucket(RATE);
  assertEquals(bucket.waitMs(70, 0), 70);
  assertEquals(bucket.waitMs(70, 30), 40);
  assertEquals(bucket.waitMs(70, 70), 0);
  assertEquals(bucket.waitMs(101, 70), Infinity);
  assertEquals(new TokenBucket({ ...RATE, bytesPerSecond: 3000 }).waitMs(100, 0), 34);
});

Deno.test("TokenBucket gives out what was put back, and never more than its capacity", () => {
  const bucket = new TokenBucket(RATE);
  assert(bucket.take(100, 100));
  bucket.giveBack(60);
  assertEquals(bucket.waitMs(70, 100), 10);
  bucket.giveBack(600);
  assertEquals([bucket.take(100, 100), bucket.take(1, 100)], [true, false]);
});

Deno.test("TokenBucket goes into debt only as far as it may", () => {
  const bucket = new TokenBucket(RATE);
  assert(bucket.take(50, 0, 50));
  assert(!bucket.take(1, 0, 50));
  assertEquals(bucket.waitMs(10, 0), 60);
});

Deno.test("TokenBucket is not misled by a clock that goes back", () => {
  const bucket = new TokenBucket(RATE);
  assert(bucket.take(50, 50));
  assert(!bucket.take(1, 0));
  assert(bucket.take(20, 20));
});

Deno.test("TokenBucket keeps its rate over any second, however it is asked", () => {
  const random = randomOf(1);
  const bucket = new TokenBucket(RATE);
  const taken: (readonly [number, number])[] = [];
  for (let nowMs = 0; nowMs < 20_000; nowMs += random(20)) {
    const lengthBytes = 1 + random(40);
    if (!bucket.take(lengthBytes, nowMs)) continue;
    const givenBack = random(4) === 0 ? random(lengthBytes) : 0;
    bucket.giveBack(givenBack);
    taken.push([nowMs, lengthBytes - givenBack]);
  }
  for (const [fromMs] of taken) {
    const within = taken.filter(([atMs]) => atMs >= fromMs && atMs < fromMs + 1000);
    const sum = within.reduce((bytes, [, lengthBytes]) => bytes + lengthBytes, 0);
    assert(sum <= 1100, `${sum} bytes in the second after ${fromMs}`);
  }
  const total = taken.reduce((bytes, [, lengthBytes]) => bytes + lengthBytes, 0);
  assert(total >= 19_000, `${total} bytes in 20 s`);
});
