import { assert, assertEquals, assertRejects } from "@std/assert";
import { StorageError } from "../../lib/base/errors.ts";
import { SeedStore } from "../../lib/storage/seed_store.ts";
import { ThreadedDisk } from "../../lib/storage/thread/threaded_disk.ts";
import { Geometry } from "../../lib/torrent/geometry.ts";
import {
  allPieces,
  check,
  fileBytes,
  type Fixture,
  indicesIn,
  multiFile,
  openBelow,
  pieceOf,
  Place,
  putAt,
  sha1,
  singleFile,
  storePieces,
} from "./fixture.ts";
import { testStoreContract } from "./store_contract.ts";

/** Where the work on files is done. */
const DISKS = ["here", "in a thread"] as const;

for (const where of DISKS) {
  testStoreContract(`DiskStore, its files written ${where},`, async (metainfo) => {
    const place = new Place();
    const { directory } = place;
    const makeDisk = () => new ThreadedDisk(metainfo, { directory });
    const store = await place.open({ metainfo }, where === "here" ? {} : { makeDisk });
    const dispose = store[Symbol.asyncDispose].bind(store);
    let isDisposed = false;
    // The folder goes with the store.
    store[Symbol.asyncDispose] = async () => {
      await dispose();
      if (isDisposed) return;
      isDisposed = true;
      assertEquals(openBelow(directory), []);
      place[Symbol.dispose]();
    };
    return store;
  });
}

function assertStored(place: Place, fixture: Fixture): void {
  fixture.metainfo.files.forEach((file, index) => {
    if (file.isPadding) return;
    assertEquals(Deno.readFileSync(place.path(...file.path)), fileBytes(fixture, index).slice());
  });
}

Deno.test("DiskStore leaves exactly the torrent's files behind, and no journal", async () => {
  using place = new Place();
  const fixture = multiFile([
    { path: "a/b/c", lengthBytes: 100_000 },
    { path: ".pad/1", lengthBytes: 31_072, isPadding: true },
    { path: "a/empty", lengthBytes: 0 },
    { path: "d", lengthBytes: 3 },
  ]);
  await using store = await place.open(fixture);
  await check(store);
  await storePieces(store, fixture);
  await store.finish();
  assertStored(place, fixture);
  assertEquals([...Deno.readDirSync(place.directory)].map(({ name }) => name), ["folder"]);
  const names = [...Deno.readDirSync(place.path("folder"))].map(({ name }) => name);
  assertEquals(names.sort(), ["a", "d"]);
});

Deno.test("DiskStore makes the folder of a torrent of nothing but empty files", async () => {
  using place = new Place();
  const fixture = multiFile([{ path: "x/y", lengthBytes: 0 }]);
  await using store = await place.open(fixture);
  await check(store);
  assertEquals(Deno.statSync(place.path("folder", "x", "y")).size, 0);
});

Deno.test("DiskStore leaves neighbours and the tail of a longer file alone", async () => {
  using place = new Place();
  const fixture = multiFile([{ path: "a", lengthBytes: 40_000 }, { path: "b", lengthBytes: 10 }]);
  place.lay(fixture);
  Deno.writeFileSync(place.path("folder", "a"), new Uint8Array(7).fill(1), { append: true });
  Deno.writeTextFileSync(place.path("folder", "neighbour"), "mine");
  await using store = await place.open(fixture);
  assertEquals(indicesIn((await check(store)).verified), [0, 1]);
  await storePieces(store, fixture);
  await store.finish();
  const bytes = Deno.readFileSync(place.path("folder", "a"));
  assertEquals(bytes.slice(40_000), new Uint8Array(7).fill(1));
  assertEquals(Deno.readTextFileSync(place.path("folder", "neighbour")), "mine");
});

Deno.test("DiskStore.check() hashes what lies there without a journal", async (t) => {
  const fixture = multiFile([
    { path: "a", lengthBytes: 100_000 },
    { path: "b", lengthBytes: 50_000 },
    { path: "c", lengthBytes: 60_000 },
  ]);
  const starts: readonly (readonly [string, (a: string, b: string) => void, number[]])[] = [
    ["right", () => {}, [0, 1, 2, 3, 4, 5, 6]],
    ["one byte wrong", (a) => patch(a, 40_000), [0, 2, 3, 4, 5, 6]],
    ["truncated", (a) => Deno.truncateSync(a, 70_000), [0, 1, 4, 5, 6]],
    ["extended", (a) => Deno.truncateSync(a, 200_000), [0, 1, 2, 3, 4, 5, 6]],
    ["first piece missing", (a) => patch(a, 0), [1, 2, 3, 4, 5, 6]],
    ["one file missing", (_, b) => Deno.removeSync(b), [0, 1, 2, 5, 6]],
  ];
  for (const [words, damage, expected] of starts) {
    await t.step(words, async () => {
      using place = new Place();
      place.lay(fixture);
      damage(place.path("folder", "a"), place.path("folder", "b"));
      await using store = await place.open(fixture);
      const { verified } = await check(store);
      assertEquals(indicesIn(verified), expected);
      const missing = allPieces(fixture).filter((index) => !expected.includes(index));
      await storePieces(store, fixture, missing);
      await store.finish();
      const a = Deno.readFileSync(place.path("folder", "a")).subarray(0, 100_000);
      assertEquals(a, fileBytes(fixture, 0));
    });
  }
});

/** Changes one byte. */
function patch(path: string, at: number): void {
  const bytes = Deno.readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  Deno.writeFileSync(path, bytes);
}

Deno.test("DiskStore.check() knows zeros for what they are: whole pieces of them verify", async () => {
  using place = new Place();
  const fixture = singleFile(300_000, { pieceLength: 100_000 });
  fixture.content.fill(0, 100_000);
  for (const index of [1, 2]) {
    fixture.metainfo.pieceHashes.set(sha1(pieceOf(fixture, index)), index * 20);
  }
  Deno.createSync(place.path("file.bin")).close();
  Deno.truncateSync(place.path("file.bin"), 300_000);
  await using store = await place.open(fixture);
  assertEquals(indicesIn((await check(store)).verified), [1, 2]);
});

Deno.test("DiskStore.check() knows a few zeros, wherever they lie", async () => {
  using place = new Place();
  const fixture = singleFile(26, { pieceLength: 5 });
  fixture.content.fill(0);
  for (const index of allPieces(fixture)) {
    fixture.metainfo.pieceHashes.set(sha1(pieceOf(fixture, index)), index * 20);
  }
  place.lay(fixture);
  await using store = await place.open(fixture);
  assertEquals(indicesIn((await check(store)).verified), allPieces(fixture));
});

Deno.test("DiskStore.check() hashes pieces longer than it reads at once", async () => {
  using place = new Place();
  const fixture = multiFile([
    { path: "a", lengthBytes: 5_000_000 },
    { path: "b", lengthBytes: 1_000 },
    { path: "c", lengthBytes: 6_000_000 },
  ], { pieceLength: 5 * 1024 * 1024 });
  place.lay(fixture);
  patch(place.path("folder", "c"), 3_000_000);
  await using store = await place.open(fixture);
  const { verified, progress } = await check(store);
  assertEquals(indicesIn(verified), [0, 2]);
  assert(progress.length >= 1);
  assert(progress.every(({ checkedBytes, totalBytes }) => checkedBytes <= totalBytes));
});

Deno.test("DiskStore and SeedStore tell of a check twenty times a second at most", async () => {
  using place = new Place();
  const fixture = singleFile(12_000_000, { pieceLength: 64 * 1024 });
  place.lay(fixture);
  await using seeded = new SeedStore(fixture.metainfo, place.directory);
  await using store = await place.open(fixture);
  for (const opened of [seeded, store]) {
    const startedAtMs = performance.now();
    const { progress } = await check(opened);
    const mostSteps = 1 + (performance.now() - startedAtMs) / 50;
    assert(progress.length <= mostSteps, `${progress.length} steps of ${mostSteps}`);
  }
});

Deno.test("DiskStore.check() ends in the middle when aborted, with nothing left open", async () => {
  using place = new Place();
  const fixture = singleFile(8_000_000, { pieceLength: 1 << 20 });
  place.lay(fixture);
  const reason = new Error("enough");
  const controller = new AbortController();
  await using store = await place.open(fixture);
  const checking = store.check({ signal: controller.signal });
  await checking.next();
  controller.abort(reason);
  const caught = await assertRejects(async () => {
    while (!(await checking.next()).done);
  });
  assertEquals(caught, reason);
  await store[Symbol.asyncDispose]();
  assertEquals(openBelow(place.directory), []);
  assertEquals([...Deno.readDirSync(place.directory)].length, 1, "the journal is gone");
});

Deno.test("DiskStore.finish() refuses when a file vanished meanwhile", async () => {
  using place = new Place();
  const fixture = singleFile(1000);
  await using store = await place.open(fixture);
  await check(store);
  await storePieces(store, fixture);
  Deno.removeSync(place.path("file.bin"));
  const error = await assertRejects(() => store.finish(), StorageError);
  assertEquals(error.code, "ENOENT");
});

Deno.test("DiskStore keeps at most maxOpenFiles open over many files", async () => {
  using place = new Place();
  const files = Array.from(
    { length: 1000 },
    (_, n) => ({ path: `d${n % 7}/f${n}`, lengthBytes: n }),
  );
  const fixture = multiFile(files, { pieceLength: 16_384 });
  await using store = await place.open(fixture, { maxOpenFiles: 5 });
  await check(store);
  for (const pieceIndex of allPieces(fixture)) {
    await storePieces(store, fixture, [pieceIndex]);
    // The journal is one more, and the one in reserve.
    assert(openBelow(place.directory).length <= 7);
  }
  await store.finish();
  assertStored(place, fixture);
});

Deno.test("DiskStore reaches offsets above 4 GiB", async () => {
  using place = new Place();
  const lengthBytes = 5 * 1024 ** 3 + 123;
  const pieceLength = 256 * 1024 * 1024;
  const { metainfo } = singleFile(10);
  const files = [{ path: ["big"], lengthBytes, isPadding: false }];
  const geometry = new Geometry(files, pieceLength);
  const pieceHashes = new Uint8Array(geometry.pieceCount * 20);
  const big = { ...metainfo, name: "big", files, geometry, pieceLength, pieceHashes };
  await using store = await place.open({ metainfo: big });
  await check(store);
  const bytes = new TextEncoder().encode("far out");
  const into = new Uint8Array(7);
  for (const offset of [lengthBytes - 7, 2 ** 32 - 3]) {
    await putAt(store, big, { offset, bytes });
    await store.read(offset, into);
    assertEquals(into, bytes);
  }
  assertEquals(Deno.statSync(place.path("big")).size, lengthBytes);
});
