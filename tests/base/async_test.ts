import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { Channel, delay, mapAhead, untilAborted } from "../../lib/base/async.ts";
import { unhandledIn } from "../support/rejections.ts";

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

Deno.test("untilAborted() takes note of how a promise ends that it no longer waits for", async () => {
  const unhandled = await unhandledIn(async () => {
    for (const isAborted of [true, false]) {
      const controller = new AbortController();
      const { promise, reject } = Promise.withResolvers<void>();
      if (isAborted) controller.abort(new TypeError("enough"));
      const waiting = untilAborted(promise, controller.signal);
      controller.abort(new TypeError("enough"));
      reject(new RangeError("too late"));
      await assertRejects(() => waiting, TypeError, "enough");
    }
  });
  assertEquals(unhandled, []);
});

/** Gives its items, then throws where there is an error. */
async function* sourceOf<T>(
  items: readonly T[],
  error?: Error,
): AsyncGenerator<T, void, undefined> {
  yield* items;
  if (error !== undefined) throw error;
}

/** Everything that is ready to go on has done so. */
function turn(): Promise<void> {
  return delay(0);
}

Deno.test("mapAhead() yields in the order of the source, whatever is done first", async () => {
  const mapped = mapAhead(sourceOf([30, 5, 20, 0]), async (delayMs) => {
    await delay(delayMs);
    return delayMs + 1;
  });
  assertEquals(await gather(mapped), [31, 6, 21, 1]);
  assertEquals(await gather(mapAhead(sourceOf([]), () => Promise.resolve(1))), []);
});

Deno.test("mapAhead() takes what comes before earlier results are there, or asked for", async () => {
  using source = new Channel<number>();
  const results = Array.from({ length: 6 }, () => Promise.withResolvers<string>());
  const taken: number[] = [];
  const mapped = mapAhead(source, (item) => {
    taken.push(item);
    return results[item]?.promise ?? Promise.reject(new Error("no such item"));
  });
  const first = mapped.next();
  for (const item of [0, 1, 2]) source.push(item);
  await turn();
  assertEquals(taken, [0, 1, 2], "none of them is done");
  results[0]?.resolve("a");
  assertEquals(await first, { done: false, value: "a" });
  for (const item of [3, 4, 5]) source.push(item);
  await turn();
  assertEquals(taken, [0, 1, 2, 3, 4, 5], "none of the others was asked for");
  for (const { resolve } of results) resolve("b");
  source.close();
  assertEquals((await gather(mapped)).length, 5);
});

const WHY = new TypeError("why");

function rejectsFrom(wrong: number) {
  return (item: number) => item >= wrong ? Promise.reject(WHY) : Promise.resolve(item);
}

function throwsFrom(wrong: number) {
  return (item: number) => {
    if (item >= wrong) throw WHY;
    return Promise.resolve(item);
  };
}

/** What the mapping does, and how the source of 1, 2, 3 ends. */
const FAILURES: readonly (readonly [string, ReturnType<typeof rejectsFrom>, Error?])[] = [
  ["the source throws", rejectsFrom(Infinity), WHY],
  ["the mapping rejects one", rejectsFrom(3)],
  ["the mapping rejects several, which are all under way", rejectsFrom(1)],
  ["the mapping throws", throwsFrom(2)],
  ["both fail", rejectsFrom(2), WHY],
];

for (const [name, map, error] of FAILURES) {
  Deno.test(`mapAhead() throws when ${name}, and leaves no rejection unhandled`, async () => {
    const unhandled = await unhandledIn(async () => {
      const thrown = await assertRejects(() => gather(mapAhead(sourceOf([1, 2, 3], error), map)));
      assertStrictEquals(thrown, WHY);
    });
    assertEquals(unhandled, []);
  });
}

Deno.test("mapAhead() yields what comes before a result that is an error", async () => {
  const mapped = mapAhead(sourceOf([1, 2, 3, 4]), rejectsFrom(3));
  assertEquals([(await mapped.next()).value, (await mapped.next()).value], [1, 2]);
  await assertRejects(() => mapped.next(), TypeError, "why");
  assertEquals(await mapped.next(), { done: true, value: undefined });
});

Deno.test("mapAhead() leaves the source at its next item once its consumer has left", async () => {
  const gate = Promise.withResolvers<void>();
  const mapped: number[] = [];
  let state = "open";
  async function* source() {
    try {
      yield* [1, 2];
      await gate.promise;
      yield* [3, 4];
    } finally {
      state = "left";
    }
  }
  const map = (item: number) => {
    mapped.push(item);
    return rejectsFrom(2)(item);
  };
  const unhandled = await unhandledIn(async () => {
    for await (const result of mapAhead(source(), map)) {
      assertEquals(result, 1);
      break; // and nobody gets to the rejections of the others
    }
    await turn();
    assertEquals(state, "open", "nobody but itself can end its wait");
    gate.resolve();
  });
  assertEquals([state, mapped.includes(4), unhandled], ["left", false, []]);
});
