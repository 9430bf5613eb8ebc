import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Channel, delay, untilAborted } from "../../lib/base/async.ts";

async function gather<T>(channel: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of channel) items.push(item);
  return items;
}

Deno.test("Channel gives everything in order, also what was pushed before close()", async () => {
  const channel = new Channel<number>();
  const gathered = gather(channel);
  for (let item = 0; item < 100; item++) assert(channel.push(item));
  channel.close();
  assertEquals(await gathered, Array.from({ length: 100 }, (_, item) => item));
  assert(!channel.push(1));
});

Deno.test("Channel hands an item to a consumer that waits", async () => {
  const channel = new Channel<string>();
  const next = channel.next();
  channel.push("a");
  assertEquals(await next, { done: false, value: "a" });
  assertEquals(channel.size, 0);
});

Deno.test("Channel refuses what goes beyond its limit", async () => {
  const channel = new Channel<number>(2);
  assertEquals([1, 2, 3].map((item) => channel.push(item)), [true, true, false]);
  await channel.next();
  assert(channel.push(4));
  assertEquals(channel.size, 2);
});

Deno.test("Channel ends at once with the error of fail()", async () => {
  const channel = new Channel<number>();
  channel.push(1);
  channel.fail(new TypeError("why"));
  await assertRejects(() => channel.next(), TypeError, "why");
  const waiting = new Channel<number>();
  const next = waiting.next();
  waiting.fail(new TypeError("why"));
  await assertRejects(() => next, TypeError, "why");
});

Deno.test("Channel ends when its consumer leaves, and drops what is queued", async () => {
  const channel = new Channel<number>();
  channel.push(1);
  channel.push(2);
  for await (const item of channel) {
    assertEquals(item, 1);
    break;
  }
  assertEquals(channel.size, 0);
  assert(!channel.push(3));
  assertEquals(await channel.next(), { done: true, value: undefined });
});

Deno.test("Channel has one consumer at a time", async () => {
  const channel = new Channel<number>();
  const next = channel.next();
  assertThrows(() => channel.next(), TypeError, "twice");
  channel.close();
  assertEquals(await next, { done: true, value: undefined });
});

Deno.test("delay() ends with the signal's reason, leaving no timer", async () => {
  const controller = new AbortController();
  const waiting = delay(60_000, { signal: controller.signal });
  controller.abort(new TypeError("enough"));
  await assertRejects(() => waiting, TypeError, "enough");
  await assertRejects(() => delay(60_000, { signal: controller.signal }), TypeError, "enough");
  await delay(0, { signal: new AbortController().signal });
});

Deno.test("untilAborted() takes whichever comes first", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  assertEquals(await untilAborted(Promise.resolve(1), signal), 1);
  await assertRejects(
    () => untilAborted(Promise.reject(new RangeError("own")), signal),
    RangeError,
  );
  const waiting = untilAborted(Promise.withResolvers<void>().promise, signal);
  controller.abort(new TypeError("enough"));
  await assertRejects(() => waiting, TypeError, "enough");
  await assertRejects(() => untilAborted(Promise.resolve(1), signal), TypeError, "enough");
});
