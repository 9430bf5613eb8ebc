import { assert, assertEquals } from "@std/assert";
import { decodeRecords, encodeRecord } from "../../lib/storage/journal.ts";
import { LocalDisk } from "../../lib/storage/local_disk.ts";
import type { RunBytes } from "../../lib/storage/store.ts";
import { Geometry } from "../../lib/torrent/geometry.ts";
import {
  allPieces,
  check,
  type Fixture,
  indicesIn,
  multiFile,
  Place,
  putAt,
  randomNumbers,
  singleFile,
  storePieces,
  wholePiece,
} from "./fixture.ts";

/** Stores these pieces in a run of its own that ends as a kill ends it: with nothing said at the end. */
async function runUntilKilled(place: Place, fixture: Fixture, pieceIndices: readonly number[]) {
  await using store = await place.open(fixture);
  await check(store);
  await storePieces(store, fixture, pieceIndices);
}

/** Writes a piece of which the journal does not learn: the kill came between. */
async function writeUnrecorded(place: Place, { metainfo }: Fixture, piece: RunBytes) {
  await using disk = new LocalDisk(metainfo, place.directory);
  assertEquals(await disk.put([piece]), [{ kind: "right" }]);
}

async function verifiedNow(place: Place, fixture: Fixture): Promise<number[]> {
  await using store = await place.open(fixture);
  return indicesIn((await check(store)).verified);
}

/** Makes the data of a piece wrong behind the store's back: whoever hashes it will notice. */
function spoil(path: string, at: number): void {
  using file = Deno.openSync(path, { read: true, write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(8));
}

Deno.test("DiskStore believes its journal after a kill, without hashing", async () => {
  using place = new Place();
  const fixture = singleFile(200_000);
  await runUntilKilled(place, fixture, [0, 3, 5]);
  spoil(place.path("file.bin"), 0);
  assertEquals(await verifiedNow(place, fixture), [0, 3, 5]);
});

Deno.test("DiskStore finds a piece that was written but not recorded when killed", async () => {
  using place = new Place();
  const fixture = singleFile(2_000_000, { pieceLength: 128 * 1024 });
  {
    await using store = await place.open(fixture);
    await check(store);
    await storePieces(store, fixture, [0, 3]);
  }
  await writeUnrecorded(place, fixture, wholePiece(fixture, 9));
  assertEquals(await verifiedNow(place, fixture), [0, 3, 9]);
});

Deno.test("DiskStore gives back the blocks of partial pieces", async () => {
  using place = new Place();
  const fixture = singleFile(300_000, { pieceLength: 100_000 });
  {
    await using store = await place.open(fixture);
    await check(store);
    const bytes = fixture.content.subarray(0, 16_384);
    await putAt(store, fixture.metainfo, { offset: 0, bytes });
    await store.recordPartial(0, Uint8Array.of(0x80));
    await store.recordPartial(1, Uint8Array.of(0xc0));
    await store.recordPartial(1, Uint8Array.of(0));
    await store.recordPartial(2, Uint8Array.of(0x10));
    await storePieces(store, fixture, [2]);
  }
  await using store = await place.open(fixture);
  const resumed = await check(store);
  assertEquals(indicesIn(resumed.verified), [2]);
  assertEquals([...resumed.partial], [[0, Uint8Array.of(0x80)]]);
});

Deno.test("DiskStore finishes in folders that an interrupted run had not come to", async () => {
  using place = new Place();
  const fixture = multiFile([
    { path: "a", lengthBytes: 32_768 },
    { path: "late/b", lengthBytes: 32_768 },
  ]);
  await runUntilKilled(place, fixture, [0]);
  await using store = await place.open(fixture);
  assertEquals(indicesIn((await check(store)).verified), [0]);
  await storePieces(store, fixture, [1]);
  await store.finish();
});

Deno.test("DiskStore hashes what was written after a download had been complete", async () => {
  using place = new Place();
  const fixture = singleFile(100_000);
  {
    await using store = await place.open(fixture);
    await check(store);
    await storePieces(store, fixture);
    await store.finish("stays");
  }
  assertEquals(await verifiedNow(place, fixture), [0, 1, 2, 3]);
  spoil(place.path("file.bin"), 40_000);
  const later = new Date(Date.now() + 60_000);
  Deno.utimeSync(place.path("file.bin"), later, later);
  assertEquals(await verifiedNow(place, fixture), [0, 2, 3]);
});

Deno.test("DiskStore forgets the blocks of a file that vanished, also when it is made again", async () => {
  using place = new Place();
  const fixture = multiFile([
    { path: "a", lengthBytes: 32_768 },
    { path: "b", lengthBytes: 65_536 },
  ]);
  {
    await using store = await place.open(fixture);
    await check(store);
    await putAt(store, fixture.metainfo, { offset: 32_768, bytes: new Uint8Array(16_384) });
    await store.recordPartial(1, Uint8Array.of(0x80));
  }
  Deno.removeSync(place.path("folder", "b"));
  await runUntilKilled(place, fixture, [2]);
  await using store = await place.open(fixture);
  assertEquals([...(await check(store)).partial], []);
});

/** The journal as if the machine had been booted since. */
function pretendReboot(journal: string): void {
  const bytes = Deno.readFileSync(journal);
  const { records } = decodeRecords(bytes);
  let start = 60;
  for (const { record, end } of records) {
    if (record.kind === "boot") {
      const bootId = record.bootId.replace(/^./, (first) => first === "0" ? "1" : "0");
      bytes.set(encodeRecord({ kind: "boot", bootId }), start);
    }
    start = end;
  }
  Deno.writeFileSync(journal, bytes);
}

Deno.test("DiskStore believes only what was synced after a power loss, and hashes the rest", async () => {
  using place = new Place();
  const fixture = singleFile(200_000);
  {
    await using store = await place.open(fixture);
    await check(store);
    await storePieces(store, fixture, [0, 1]);
    await store.sync();
    await storePieces(store, fixture, [2, 3]);
  }
  pretendReboot(place.path("file.bin.westorrent"));
  spoil(place.path("file.bin"), 0);
  spoil(place.path("file.bin"), 2 * 32_768);
  assertEquals(await verifiedNow(place, fixture), [0, 1, 3], "0 is believed, 2 found wrong");
});

Deno.test("DiskStore.sync() vouches only for what was recorded before it began", async () => {
  using place = new Place();
  const fixture = singleFile(200_000);
  {
    await using store = await place.open(fixture);
    await check(store);
    await storePieces(store, fixture, [0]);
    const syncing = store.sync();
    await storePieces(store, fixture, [1]);
    await syncing;
  }
  pretendReboot(place.path("file.bin.westorrent"));
  spoil(place.path("file.bin"), 0);
  spoil(place.path("file.bin"), 32_768);
  assertEquals(await verifiedNow(place, fixture), [0]);
});

Deno.test("DiskStore.sync() also covers what an earlier, killed run recorded", async () => {
  using place = new Place();
  const fixture = singleFile(200_000);
  await runUntilKilled(place, fixture, [0, 1]);
  {
    await using store = await place.open(fixture);
    await check(store);
    await store.sync();
  }
  pretendReboot(place.path("file.bin.westorrent"));
  spoil(place.path("file.bin"), 0);
  assertEquals(await verifiedNow(place, fixture), [0, 1]);
});

Deno.test("DiskStore hashes everything when the files do not fit the journal", async (t) => {
  const fixture = multiFile([{ path: "a", lengthBytes: 65_536 }, {
    path: "b",
    lengthBytes: 65_536,
  }]);
  const changes: readonly (readonly [string, (place: Place) => void, number[]])[] = [
    ["a file is shorter", (place) => Deno.truncateSync(place.path("folder", "b"), 40_000), [1, 2]],
    ["a file is gone", (place) => Deno.removeSync(place.path("folder", "b")), [1]],
  ];
  for (const [words, change, expected] of changes) {
    await t.step(words, async () => {
      using place = new Place();
      await runUntilKilled(place, fixture, allPieces(fixture));
      spoil(place.path("folder", "a"), 0);
      change(place);
      assertEquals(await verifiedNow(place, fixture), expected);
      assertEquals(await verifiedNow(place, fixture), expected, "and the new journal says so");
    });
  }
});

Deno.test("DiskStore never believes a damaged journal more than is true", async () => {
  using place = new Place();
  const fixture = singleFile(64 * 512, { pieceLength: 512 });
  const stored = allPieces(fixture).filter((index) => index % 2 === 0);
  {
    await using store = await place.open(fixture);
    await check(store);
    await storePieces(store, fixture, stored);
    await store.sync();
  }
  const journal = place.path("file.bin.westorrent");
  const good = Deno.readFileSync(journal);
  const next = randomNumbers(7);
  for (let round = 0; round < 40; round++) {
    const bytes = good.slice();
    const at = next() % bytes.length;
    bytes[at] = (bytes[at] ?? 0) ^ (1 + next() % 255);
    Deno.writeFileSync(journal, bytes);
    assertEquals(await verifiedNow(place, fixture), stored, `byte ${at}`);
  }
});

Deno.test("DiskStore goes on after a journal cut anywhere", async () => {
  using place = new Place();
  const fixture = singleFile(8 * 512, { pieceLength: 512 });
  await runUntilKilled(place, fixture, [0, 1, 2]);
  const journal = place.path("file.bin.westorrent");
  const good = Deno.readFileSync(journal);
  for (let length = 0; length < good.length; length += 3) {
    Deno.writeFileSync(journal, good.subarray(0, length));
    assertEquals(await verifiedNow(place, fixture), [0, 1, 2], `${length} bytes`);
    assertEquals(await verifiedNow(place, fixture), [0, 1, 2], `${length} bytes, again`);
  }
});

Deno.test("DiskStore treats a foreign format, or a flood, in the journal's place as damage", async () => {
  using place = new Place();
  const fixture = singleFile(100_000);
  for (const garbage of ["hello", "x".repeat(1000), "\0".repeat(500)]) {
    place.lay(fixture);
    Deno.writeTextFileSync(place.path("file.bin.westorrent"), garbage);
    assertEquals(await verifiedNow(place, fixture), [0, 1, 2, 3]);
  }
  Deno.truncateSync(place.path("file.bin.westorrent"), 10 * 1024 ** 3);
  assertEquals(await verifiedNow(place, fixture), [0, 1, 2, 3]);
  assert(Deno.statSync(place.path("file.bin.westorrent")).size < 1000);
});

Deno.test("DiskStore.check() finds what a kill left unrecorded in the middle of a hole", async () => {
  using place = new Place();
  const pieceLength = 1024 * 1024;
  const small = singleFile(pieceLength, { pieceLength });
  const files = [{ path: ["file.bin"], lengthBytes: 2048 * pieceLength, isPadding: false }];
  const geometry = new Geometry(files, pieceLength);
  const pieceHashes = new Uint8Array(20 * 2048);
  for (const index of [100, 1500]) pieceHashes.set(small.metainfo.pieceHashes, 20 * index);
  const metainfo = { ...small.metainfo, files, geometry, pieceHashes };
  const huge: Fixture = { metainfo, content: small.content };
  {
    await using store = await place.open(huge);
    await check(store);
    const piece = wholePiece(small, 0);
    assertEquals(await store.put([{ ...piece, pieceIndex: 100 }]), [{ kind: "right" }]);
  }
  await writeUnrecorded(place, huge, { ...wholePiece(small, 0), pieceIndex: 1500 });
  await using store = await place.open(huge);
  const { verified, progress } = await check(store);
  assertEquals(indicesIn(verified), [100, 1500]);
  const bytes = progress.map(({ checkedBytes }) => checkedBytes);
  assertEquals(bytes, bytes.toSorted((a, b) => a - b), "progress never steps back");
});
