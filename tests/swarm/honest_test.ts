/** Downloads from honest peers: every shape of torrent arrives whole, and our requests are right. */
import { assert, assertEquals } from "@std/assert";
import { hasBit } from "../../lib/base/bits.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import { pieceOf, storePieces } from "../storage/fixture.ts";
import { startSeeder } from "../support/seeder.ts";
import {
  concurrently,
  downloadWhole,
  eventsOf,
  fateOf,
  KIB,
  runDownload,
} from "../support/swarm.ts";
import { fileContent, type FixtureOptions, makeTorrent } from "../support/torrent_fixture.ts";

const MIB = 1024 * KIB;

const SHAPES: readonly (readonly [string, FixtureOptions])[] = [
  ["a single file", { files: 300 * KIB, pieceLength: 64 * KIB }],
  ["a short last piece of one byte", { files: 128 * KIB + 1, pieceLength: 64 * KIB }],
  ["a file shorter than a block", { files: 7, pieceLength: 16 * KIB }],
  ["one block per piece", { files: 40 * 16 * KIB, pieceLength: 16 * KIB }],
  ["pieces shorter than a block", { files: 10_001, pieceLength: 1000 }],
  ["a piece length that is no multiple of 16 KiB", { files: 250_007, pieceLength: 50_001 }],
  ["pieces of several runs", { files: 9 * MIB + 5, pieceLength: 8 * MIB }],
  ["a single piece of one file", { files: 5 * MIB, pieceLength: 16 * MIB }],
  ["many files over piece borders", {
    files: Array.from(
      { length: 50 },
      (_, n) => ({ path: `d${n % 3}/f${n}`, lengthBytes: n * 997 }),
    ),
    pieceLength: 32 * KIB,
  }],
  ["padding, a piece of padding alone, and empty files", {
    files: [
      { path: "empty/first", lengthBytes: 0 },
      { path: "a", lengthBytes: 20_000 },
      { path: ".pad/1", lengthBytes: 12_768 + 65_536, isPadding: true },
      { path: "b", lengthBytes: 70_000 },
      { path: "last", lengthBytes: 0 },
    ],
    pieceLength: 32 * KIB,
  }],
  ["padding over whole runs of a piece", {
    files: [
      { path: "a", lengthBytes: 100_000 },
      { path: ".pad/1", lengthBytes: 5 * MIB - 100_000, isPadding: true },
      { path: "b", lengthBytes: 100_001 },
    ],
    pieceLength: 5 * MIB,
  }],
];

Deno.test("download() gets every shape of torrent from one honest peer", async (t) => {
  await concurrently(t, SHAPES, async (shape) => {
    const fixture = makeTorrent(shape);
    await using seeder = await startSeeder(fixture);
    const run = await downloadWhole(fixture, { from: [seeder] });
    assertEquals(seeder.errors, []);
    assertEquals(fateOf(run, seeder), ["connected", "closed: The download has ended"]);
    const wanted = fixture.metainfo.files.reduce(
      (sum, { isPadding, lengthBytes }) => sum + (isPadding ? 0 : lengthBytes),
      0,
    );
    assertEquals(seeder.counters.servedBytes, wanted, "each byte once");
    const [complete] = eventsOf(run, "complete");
    assertEquals(complete?.totalBytes, fixture.content.length);
    assertEquals(complete?.downloadedBytes, wanted);
  });
});

Deno.test("download() writes files, leaves no state behind, and has nothing to do the next time", async () => {
  const directory = await Deno.makeTempDir();
  const fixture = makeTorrent({
    name: "album",
    files: [
      { path: "one.bin", lengthBytes: 90_000 },
      { path: ".pad/1", lengthBytes: 8304, isPadding: true },
      { path: "sub/two.bin", lengthBytes: 50_000 },
      { path: "sub/none", lengthBytes: 0 },
    ],
    pieceLength: 32 * KIB,
  });
  try {
    await using seeder = await startSeeder(fixture);
    const first = await runDownload(fixture, { directory, from: [seeder] });
    assertEquals(first.error, undefined);
    for (const [index, { path, isPadding }] of fixture.metainfo.files.entries()) {
      if (isPadding) continue;
      const bytes = await Deno.readFile(`${directory}/${path.join("/")}`);
      assertEquals(bytes, fileContent(fixture, index));
    }
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), ["album"]);
    const second = await runDownload(fixture, { directory, from: [seeder] });
    assertEquals(eventsOf(second, "complete")[0]?.downloadedBytes, 0);
    assertEquals([seeder.counters.connections, seeder.errors], [1, []]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("download() puts a torrent together from peers that each have a part", async () => {
  const fixture = makeTorrent({ files: 30 * 32 * KIB, pieceLength: 32 * KIB });
  await using stack = new AsyncDisposableStack();
  const thirds = [0, 1, 2].map((part) => [...Array(30).keys()].filter((n) => n % 3 === part));
  const seeders = await Promise.all(thirds.map((pieces) => startSeeder({ ...fixture, pieces })));
  for (const seeder of seeders) stack.use(seeder);
  await downloadWhole(fixture, { from: seeders });
  for (const seeder of seeders) {
    assertEquals(seeder.errors, []);
    assertEquals(seeder.counters.servedBytes, 10 * 32 * KIB);
    // It is told of the pieces that it lacks, and of no others.
    const haves = seeder.messages.filter((message) => message.startsWith("have "));
    assert(
      haves.every((have) => !hasBit(seeder.bitfield, Number(have.slice(5)))),
      "a needless have",
    );
  }
});

Deno.test("download() tells a peer of the pieces that it lacks, as they come", async () => {
  const fixture = makeTorrent({ files: 20 * 16 * KIB, pieceLength: 16 * KIB });
  await using seed = await startSeeder({ ...fixture, bytesPerSecond: 700 * KIB });
  await using leecher = await startSeeder({ ...fixture, pieces: [] });
  await using last = await startSeeder({ ...fixture, pieces: [19] });
  const run = await downloadWhole(fixture, { from: [leecher, last, seed] });
  assertEquals([leecher.errors, last.errors, seed.errors], [[], [], []]);
  const haves = (messages: readonly string[]) => messages.filter((text) => /^have /.test(text));
  assert(haves(leecher.messages).length > 0, "no have");
  assertEquals(new Set(haves(leecher.messages)).size, haves(leecher.messages).length);
  assert(!leecher.messages.includes("interested"), "interested in nothing");
  assert(!haves(last.messages).includes("have 19"), "it has that");
  assert(last.messages.includes("notInterested"), "interest ends with the last piece of use");
  assertEquals(haves(seed.messages), []);
  assertEquals(eventsOf(run, "corrupt"), []);
});

Deno.test("download() keeps fewer requests waiting than a peer queues", async (t) => {
  const fixture = makeTorrent({ files: 4 * MIB, pieceLength: 256 * KIB });
  const rows = [1, 2, 8, 50].map((reqq) => [`${reqq} requests`, reqq] as const);
  await concurrently(t, rows, async (reqq) => {
    await using seeder = await startSeeder({ ...fixture, reqq });
    await downloadWhole(fixture, { from: [seeder] });
    const { maxQueue } = seeder.counters;
    assert(maxQueue <= Math.max(reqq - 1, 1), `${maxQueue} of ${reqq}`);
    assertEquals(seeder.errors, []);
  });
});

Deno.test("download() takes up what a store holds and asks for the rest only", async () => {
  const fixture = makeTorrent({ files: 10 * 32 * KIB, pieceLength: 32 * KIB });
  const store = new MemoryStore(fixture.metainfo);
  await storePieces(store, fixture, [0, 1, 2]);
  const bytes = pieceOf(fixture, 3).subarray(0, 16 * KIB);
  await store.put([{ pieceIndex: 3, begin: 0, bytes, endsPiece: false }]);
  await store.recordPartial(3, Uint8Array.of(0x80));
  await using seeder = await startSeeder(fixture);
  const run = await downloadWhole(fixture, { from: [seeder] }, store);
  assertEquals(eventsOf(run, "checked")[0]?.havePieces, 3);
  assertEquals(seeder.counters.servedBytes, 6 * 32 * KIB + 16 * KIB);
  assert(!seeder.messages.includes(`request 3 0 ${16 * KIB}`));
  assert(seeder.messages.some((message) => message.startsWith("bitfield")), "says what it has");
});
