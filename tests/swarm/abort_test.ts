/** Downloads that end early, at every stage: nothing stays open, and the next run asks for what is missing only. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "../../lib/base/async.ts";
import { download, type DownloadOptions } from "../../lib/download.ts";
import { seed } from "../../lib/seed.ts";
import { openDiskStore } from "../../lib/storage/open.ts";
import { Seeder } from "../support/seeder.ts";
import { FIXTURE, type Scene, SCENES } from "../support/stages.ts";
import {
  assertComplete,
  assertSameBytes,
  concurrently,
  KIB,
  runDownload,
  startDownload,
} from "../support/swarm.ts";
import { countDescriptors, countThreads } from "../support/system.ts";
import { makeTorrent } from "../support/torrent_fixture.ts";

const MIB = 1024 * KIB;

const REASON = new Error("The test ends it");

/** How a download can be ended: by its signal, or by whoever reads its events. */
type End = "abort" | "break";

/** Plays one scene and ends it there. @returns what the download threw */
async function endEarly(scene: Scene, end: End, directory: string): Promise<unknown> {
  await using open = new AsyncDisposableStack();
  const controller = new AbortController();
  let isOver = false;
  const stop = () => {
    isOver = true;
    if (end === "abort") controller.abort(REASON);
  };
  const { metainfo = FIXTURE.metainfo, ...options } = await scene.set({ directory, open, stop });
  const { signal } = controller;
  const run = { directory, signal, timeoutMs: 10_000, ...options };
  let ended: unknown;
  try {
    for await (const event of startDownload({ metainfo }, run)) {
      options.onEvent?.(event);
      if (isOver && end === "break") break;
    }
  } catch (error) {
    ended = error;
  }
  assert(isOver, `it ended before its time: ${ended}`);
  return ended;
}

/** What is left to the next run: complete, without asking for what was kept. */
async function goOn({ keptBytes = 0 }: Scene, directory: string): Promise<void> {
  await using seeder = new Seeder(FIXTURE);
  const run = await runDownload(FIXTURE, { directory, from: [seeder], timeoutMs: 10_000 });
  assertComplete(run);
  assertSameBytes(await Deno.readFile(`${directory}/fixture`), FIXTURE.content);
  assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["fixture"]);
  const { servedBytes } = seeder.counters;
  const maxBytes = FIXTURE.content.length - keptBytes;
  assert(servedBytes <= maxBytes, `asked for ${servedBytes} bytes of ${maxBytes}`);
  assertEquals(seeder.errors, []);
}

async function play(scene: Scene, end: End): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const error = await endEarly(scene, end, directory);
    assertEquals(error, end === "abort" && !scene.isComplete ? REASON : undefined);
    await goOn(scene, directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

for (const end of ["abort", "break"] as const) {
  Deno.test(`download() ends by ${end} and goes on later, with nothing left open`, async (t) => {
    await goOnce(); // what the runtime itself opens once stays open
    const before = [countDescriptors(), countThreads()];
    await concurrently(t, SCENES, (scene) => play(scene, end));
    assertEquals([countDescriptors(), countThreads()], before);
  });
}

async function goOnce(): Promise<void> {
  const directory = await Deno.makeTempDir();
  await goOn({ set: () => ({}) }, directory);
  await Deno.remove(directory, { recursive: true });
}

Deno.test("download() and seed() dispose the store that they were given, though they refuse to begin", async () => {
  const directory = await Deno.makeTempDir();
  const { metainfo } = FIXTURE;
  const refuse = async (run: typeof download | typeof seed, options: Partial<DownloadOptions>) => {
    // It is locked for as long as it is open.
    const store = await openDiskStore(metainfo, { directory });
    await assertRejects(() => run(metainfo, { directory, store, ...options }).next());
  };
  for (const run of [download, seed]) {
    await refuse(run, { signal: AbortSignal.abort(REASON) });
    await refuse(run, { maxPeers: 0 });
  }
  await Deno.remove(directory, { recursive: true });
});

/** Too long to be stored where we are: it has a thread of its own. */
const LONG = makeTorrent({ files: 8 * MIB, pieceLength: 256 * KIB });

/** Runs once until about half of it was served, and once more to the end. */
async function endHalfway(): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await using slow = new Seeder({ ...LONG, bytesPerSecond: 40 * MIB });
    const controller = new AbortController();
    const { signal } = controller;
    slow.until(({ servedBytes }) => servedBytes > 4 * MIB).then(() => controller.abort(REASON));
    const { error } = await runDownload(LONG, { directory, signal, from: [slow] });
    assertEquals(error, REASON);
    await using seeder = new Seeder(LONG);
    assertComplete(await runDownload(LONG, { directory, from: [seeder], timeoutMs: 10_000 }));
    assertSameBytes(await Deno.readFile(`${directory}/fixture`), LONG.content);
    assert(seeder.counters.servedBytes < LONG.content.length, "nothing was kept");
    assertEquals(seeder.errors, []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("download() by way of a thread leaves none of it behind, aborted or complete", async () => {
  await endHalfway(); // what the runtime itself opens once stays open
  const before = [countDescriptors(), countThreads()];
  for (let round = 0; round < 3; round++) await endHalfway();
  // Threads end a little later than they are told to.
  let now = before;
  for (let waits = 0; waits < 40; waits++) {
    now = [countDescriptors(), countThreads()];
    if (now.every((count, at) => count <= (before[at] ?? 0))) return;
    await delay(25);
  }
  assertEquals(now, before);
});
