/** Giving back: whole runs of ours that serve whole runs of ours. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { PeerAddress } from "../../lib/base/address.ts";
import { StorageError } from "../../lib/base/errors.ts";
import { download } from "../../lib/download.ts";
import type { DownloadEvent } from "../../lib/events.ts";
import { seed, type SeedOptions } from "../../lib/seed.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import { startSeeder } from "../support/seeder.ts";
import {
  assertSameBytes,
  downloadWhole,
  eventsOf,
  KIB,
  startDownload,
  waitingFor,
} from "../support/swarm.ts";
import { makeTorrent, writeContent } from "../support/torrent_fixture.ts";

const FIXTURE = makeTorrent({
  files: [{ path: "a/b", lengthBytes: 700 * KIB + 5 }, { path: "c", lengthBytes: 300 * KIB }],
  pieceLength: 64 * KIB,
});
const { metainfo } = FIXTURE;
const LANDMARKS = new Set(["start", "checked", "complete", "seeding", "seeded"]);

/** A run that goes on beside the test. */
class Running {
  readonly events: DownloadEvent[] = [];
  /** Where it listens. */
  readonly address: Promise<PeerAddress>;
  /** Resolves when it has ended; rejects with what ended it. */
  readonly ended: Promise<void>;

  readonly #told = new Map<string, PromiseWithResolvers<DownloadEvent>>();

  constructor(run: AsyncIterable<DownloadEvent>) {
    this.address = this.until("listening").then((event) => ({
      host: "127.0.0.1",
      port: event.kind === "listening" ? event.port : 0,
    }));
    this.ended = this.#follow(run);
    this.ended.catch(() => {}); // for the test to look at
  }

  /** Resolves at the first event of a kind. */
  until(kind: DownloadEvent["kind"]): Promise<DownloadEvent> {
    const waiting = this.#told.get(kind) ?? Promise.withResolvers<DownloadEvent>();
    this.#told.set(kind, waiting);
    return waiting.promise;
  }

  async #follow(run: AsyncIterable<DownloadEvent>): Promise<void> {
    for await (const event of run) {
      this.events.push(event);
      this.until(event.kind);
      this.#told.get(event.kind)?.resolve(event);
    }
  }
}

async function inFolder(story: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await story(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function startSeed(options: SeedOptions): Running {
  return new Running(seed(metainfo, { bind: "127.0.0.1", ...options }));
}

Deno.test("seed() serves files until its goal is reached, and writes nothing", () =>
  inFolder(async (directory) => {
    await writeContent(directory, FIXTURE);
    const seeder = startSeed({ directory, ratio: 1 });
    await downloadWhole(FIXTURE, { peers: [await seeder.address] });
    await seeder.ended;
    assertEquals(eventsOf(seeder, "start").map(({ mode }) => mode), ["seed"]);
    assertEquals(eventsOf(seeder, "seeding"), [{ kind: "seeding", ratio: 1 }]);
    assertEquals(seeder.events.at(-1)?.kind, "seeded");
    assertEquals(eventsOf(seeder, "seeded")[0]?.uploadedBytes, FIXTURE.content.length);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["fixture"]);
  }));

Deno.test("seed() dials the peers that it is told of, and stops after its time", () =>
  inFolder(async (directory) => {
    await writeContent(directory, FIXTURE);
    const store = new MemoryStore(metainfo);
    const behaviour = waitingFor(new Promise(() => {}));
    await using holder = await startSeeder({ ...FIXTURE, behaviour });
    const leecher = new Running(startDownload(FIXTURE, { store, from: [holder] }));
    const seeder = startSeed({ directory, peers: [await leecher.address], timeMs: 400 });
    await Promise.all([leecher.ended, seeder.ended]);
    assertSameBytes(store.bytes, FIXTURE.content);
  }));

Deno.test("seed() shows its pieces one after the other, if it is to", () =>
  inFolder(async (directory) => {
    await writeContent(directory, FIXTURE);
    const seeder = startSeed({ directory, superSeed: true, ratio: 1 });
    const run = await downloadWhole(FIXTURE, { peers: [await seeder.address] });
    await seeder.ended;
    assert(eventsOf(run, "progress").every(({ seeds }) => seeds === 0));
  }));

Deno.test("seed() refuses files that are not complete, and says how many pieces are wrong", () =>
  inFolder(async (directory) => {
    await writeContent(directory, FIXTURE);
    await Deno.truncate(`${directory}/fixture/c`, 100);
    const error = await assertRejects(() => startSeed({ directory }).ended, Error);
    const where = `"${directory}/fixture"`;
    assertEquals(error.message, `Cannot seed ${where}: pieces missing or wrong: 6 of 16`);
  }));

Deno.test("download() gives what it has while it downloads: two halves make two wholes", async () => {
  const { pieceCount } = metainfo.geometry;
  const half = (rest: number) => [...Array(pieceCount).keys()].filter((at) => at % 2 === rest);
  await using even = await startSeeder({ ...FIXTURE, pieces: half(0) });
  await using odd = await startSeeder({ ...FIXTURE, pieces: half(1) });
  const stores = [new MemoryStore(metainfo), new MemoryStore(metainfo)] as const;
  const stop = new AbortController();
  const common = { seed: {}, signal: stop.signal };
  const first = new Running(startDownload(FIXTURE, { ...common, store: stores[0], from: [even] }));
  const peers = [await first.address];
  const rest = { ...common, store: stores[1], from: [odd], peers };
  const second = new Running(startDownload(FIXTURE, rest));
  await Promise.all([first.until("complete"), second.until("complete")]);
  stop.abort(new Error("stop"));
  await Promise.allSettled([first.ended, second.ended]);
  for (const store of stores) assertSameBytes(store.bytes, FIXTURE.content);
});

Deno.test("download() goes on to seed, and leaves a state that vouches for the files", () =>
  inFolder(async (directory) => {
    await using source = await startSeeder(FIXTURE);
    const options = { directory, bind: "127.0.0.1", seed: { ratio: 1 }, from: [source] };
    const first = new Running(startDownload(FIXTURE, options));
    await downloadWhole(FIXTURE, { peers: [await first.address] });
    await first.ended;
    const kinds = first.events.map(({ kind }) => kind).filter((kind) => LANDMARKS.has(kind));
    assertEquals(kinds, ["start", "checked", "complete", "seeding", "seeded"]);
    assert(!await checkedBySeed(directory), "the state vouches");
    const future = new Date(Date.now() + 60_000);
    await Deno.utime(`${directory}/fixture/c`, future, future);
    assert(await checkedBySeed(directory), "a file has changed since");
    // Without seeding afterwards, the state is of no use any more.
    for await (const _ of download(metainfo, { directory }));
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["fixture"]);
  }));

Deno.test("seed() and download() do not work on the same files at a time", () =>
  inFolder(async (directory) => {
    await using source = await startSeeder(FIXTURE);
    const options = { directory, bind: "127.0.0.1", seed: {}, from: [source] };
    const stop = new AbortController();
    const first = new Running(startDownload(FIXTURE, { ...options, signal: stop.signal }));
    await first.until("seeding");
    const error = await assertRejects(() => startSeed({ directory }).ended, StorageError);
    assertEquals(error.code, "EBUSY");
    stop.abort(new Error("stop"));
    await assertRejects(() => first.ended, Error, "stop");
    // Two that only read get on.
    const seeds = [startSeed({ directory, timeMs: 1 }), startSeed({ directory, timeMs: 1 })];
    await Promise.all(seeds.map(({ ended }) => ended));
  }));

/** Whether a seed that starts now reads the files first. */
async function checkedBySeed(directory: string): Promise<boolean> {
  const seeder = startSeed({ directory, timeMs: 1 });
  await seeder.ended;
  return eventsOf(seeder, "checking").length > 0;
}
