import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventQueue, eventsOf } from "../lib/event_queue.ts";
import type { DownloadEvent } from "../lib/events.ts";

function warning(message: string): DownloadEvent {
  return { kind: "warning", message };
}

function checking(checkedBytes: number): DownloadEvent {
  return { kind: "checking", checkedBytes, totalBytes: 100 };
}

function progress(haveBytes: number): DownloadEvent {
  return {
    kind: "progress",
    mode: "download",
    haveBytes,
    totalBytes: 100,
    havePieces: 0,
    pieceCount: 1,
    downloadedBytes: 0,
    wastedBytes: 0,
    uploadedBytes: 0,
    downloadRate: 0,
    uploadRate: 0,
    peers: 0,
    seeds: 0,
    availability: 0,
  };
}

Deno.test("EventQueue hands on events in order, to a consumer that waits for them", async () => {
  const queue = new EventQueue();
  const taken: DownloadEvent[] = [];
  const consumer = (async () => {
    for await (const event of queue) taken.push(event);
  })();
  queue.push(warning("a"));
  await Promise.resolve();
  queue.push(warning("b"));
  queue.push(warning("c"));
  queue.close();
  await consumer;
  assertEquals(taken, [warning("a"), warning("b"), warning("c")]);
});

Deno.test("EventQueue keeps only the newest progress and checking for a slow consumer", async () => {
  const queue = new EventQueue();
  const events = [
    checking(1),
    warning("a"),
    checking(2),
    progress(1),
    warning("b"),
    progress(2),
    progress(3),
  ];
  for (const event of events) queue.push(event);
  queue.close();
  assertEquals(await Array.fromAsync(queue), [
    warning("a"),
    checking(2),
    warning("b"),
    progress(3),
  ]);
});

Deno.test("EventQueue keeps the newest 1000 when nobody reads", async () => {
  const queue = new EventQueue();
  for (let index = 0; index < 5000; index++) queue.push(warning(String(index)));
  queue.close();
  const kept = await Array.fromAsync(queue);
  assertEquals([kept.length, kept.at(0), kept.at(-1)], [1000, warning("4000"), warning("4999")]);
});

Deno.test("fail() throws after what waits, and but once", async () => {
  const queue = new EventQueue();
  const failure = new Error("disk full");
  queue.push(warning("a"));
  queue.fail(failure);
  queue.push(warning("late"));
  queue.close();
  assertEquals(await queue.next(), { done: false, value: warning("a") });
  assert(await assertRejects(() => queue.next()) === failure);
});

Deno.test("fail() throws whatever it is given, undefined too", async () => {
  const queue = new EventQueue();
  queue.fail(undefined);
  assertEquals(await queue.next().then(() => "ended", (error) => error), undefined);
});

Deno.test("fail() reaches a consumer that waits", async () => {
  const queue = new EventQueue();
  const next = queue.next();
  queue.fail(new Error("gone"));
  await assertRejects(() => next, Error, "gone");
});

Deno.test("close() ends consumers for good, and drops what comes after", async () => {
  const queue = new EventQueue();
  const next = queue.next();
  queue.close();
  queue.fail(new Error("late"));
  queue.push(warning("late"));
  assertEquals(await next, { done: true, value: undefined });
  assertEquals(await queue.next(), { done: true, value: undefined });
});

Deno.test("eventsOf() aborts when its consumer leaves, who is told what fails then, but not that it was aborted", async () => {
  const failure = new Error("disk full");
  const leave = async (atEnd: (signal: AbortSignal) => unknown) => {
    const events = eventsOf(async (queue, signal) => {
      queue.push(warning("a"));
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      throw atEnd(signal);
    });
    for await (const _ of events) break;
  };
  await leave(({ reason }) => reason);
  assert(await assertRejects(() => leave(() => failure)) === failure);
});
