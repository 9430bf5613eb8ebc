import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import type { Disk } from "../../lib/storage/disk.ts";
import { LocalDisk } from "../../lib/storage/local_disk.ts";
import type { CheckProgress } from "../../lib/storage/store.ts";
import { ThreadedDisk } from "../../lib/storage/thread/threaded_disk.ts";
import { bitsOf, KIB } from "../support/torrents.ts";
import { indicesIn, multiFile, openBelow, Place, wholePiece } from "./fixture.ts";

/** 23 pieces. */
const FIXTURE = multiFile([
  { path: "a", lengthBytes: 5_000_000 },
  { path: "b", lengthBytes: 7_000_001 },
  { path: "d/none", lengthBytes: 0 },
], { pieceLength: 512 * KIB });
const { metainfo } = FIXTURE;
const ALL = [...Array(metainfo.geometry.pieceCount).keys()];

const DISKS: readonly (readonly [string, (directory: string) => Disk])[] = [
  ["LocalDisk", (directory) => new LocalDisk(metainfo, directory)],
  ["ThreadedDisk", (directory) => new ThreadedDisk(metainfo, { directory })],
];

function bits(pieceIndices: Iterable<number>): Uint8Array {
  return bitsOf(metainfo.geometry.pieceCount, pieceIndices);
}

/** Runs a story with a disk whose files are there, and closes it. */
async function withDisk(
  open: (directory: string) => Disk,
  story: (disk: Disk, place: Place) => Promise<void>,
): Promise<void> {
  using place = new Place();
  place.lay(FIXTURE);
  {
    await using disk = open(place.directory);
    await story(disk, place);
  }
  assertEquals(openBelow(place.directory), []);
}

for (const [name, open] of DISKS) {
  const test = (words: string, story: (disk: Disk, place: Place) => Promise<void>) =>
    Deno.test(`${name} ${words}`, () => withDisk(open, story));

  test("hashes what is wanted, and tells how far it is", async (disk) => {
    const wanted = [0, 1, 7, 8, 9, 10, 11, 12, 13, 14, 15, 22];
    const hashing = disk.hash(bits(wanted), { signal: new AbortController().signal });
    const progress: CheckProgress[] = [];
    let step = await hashing.next();
    for (; !step.done; step = await hashing.next()) progress.push(step.value);
    assertEquals(indicesIn(step.value.right), wanted);
    assertEquals(step.value.unreadable.size, 0);
    const checked = progress.map(({ checkedBytes }) => checkedBytes);
    assertEquals(checked, checked.toSorted((a, b) => a - b));
    assert(checked.length >= 2, `${checked}`);
    assertEquals(checked.at(-1), 12_000_001);
  });

  test("finds out which pieces are right", async (disk, place) => {
    Deno.truncateSync(place.path("folder", "b"), 6_000_000);
    const hashing = disk.hash(bits(ALL), { signal: new AbortController().signal });
    let step = await hashing.next();
    while (!step.done) step = await hashing.next();
    assertEquals(indicesIn(step.value.right), ALL.slice(0, 20));
  });

  test("stops hashing between two ranges when aborted", async (disk) => {
    const controller = new AbortController();
    const hashing = disk.hash(bits(ALL), { signal: controller.signal });
    assert(!(await hashing.next()).done);
    const reason = new Error("enough");
    controller.abort(reason);
    const ending = async () => {
      while (!(await hashing.next()).done);
    };
    assertStrictEquals(await assertRejects(ending), reason);
    assert((await hashing.next()).done);
  });

  test("probes where something but zeros is", async (disk, place) => {
    Deno.removeSync(place.path("folder", "b"));
    await disk.create([1]);
    await disk.put([wholePiece(FIXTURE, 15)]);
    const inB = ALL.slice(10);
    assertEquals(indicesIn(await disk.probe(bits(inB))), [15]);
    assertEquals(indicesIn(await disk.probe(bits([3, 14]))), [3]);
  });

  test("makes files that are missing, and drops what is in others", async (disk, place) => {
    Deno.removeSync(place.path("folder", "d"), { recursive: true });
    await disk.create([2, 0]);
    assertEquals(Deno.statSync(place.path("folder", "d", "none")).size, 0);
    await disk.truncate([0]);
    assert(Deno.readFileSync(place.path("folder", "a")).every((byte) => byte === 0));
    await disk.soil(bits([12]));
    await disk.sync();
    assert((await disk.freeBytes() ?? 1) > 0);
  });
}
