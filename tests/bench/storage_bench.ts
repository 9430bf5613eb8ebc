/** Hashing and storing pieces of 512 KiB, as fast as memory takes them: `deno bench -A tests/bench/storage_bench.ts`. */
import type { Disk } from "../../lib/storage/disk.ts";
import { DiskStore } from "../../lib/storage/disk_store.ts";
import { LocalDisk } from "../../lib/storage/local_disk.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import type { Outcome, Store } from "../../lib/storage/store.ts";
import { ThreadedDisk } from "../../lib/storage/thread/threaded_disk.ts";
import { Geometry } from "../../lib/torrent/geometry.ts";
import type { Metainfo } from "../../lib/torrent/metainfo.ts";
import { check, sha1, singleFile } from "../storage/fixture.ts";
import { randomBytes } from "../support/torrent_fixture.ts";

const PIECE_LENGTH = 512 * 1024;
const PIECE_COUNT = 256;
const PIECE = randomBytes(PIECE_LENGTH, 1);
const PIECE_HASH = sha1(PIECE);

/** A RAM disk, where there is one: else the disk is what is measured. */
const PARENT = Deno.build.os === "linux" ? { dir: "/dev/shm" } : {};

function describe(fileCount: number): Metainfo {
  const lengthBytes = PIECE_LENGTH * PIECE_COUNT / fileCount;
  const files = Array.from(
    { length: fileCount },
    (_, n) => ({ path: ["bench", `f${n}`], lengthBytes, isPadding: false }),
  );
  const geometry = new Geometry(files, PIECE_LENGTH);
  const pieceHashes = new Uint8Array(20 * PIECE_COUNT);
  for (let index = 0; index < PIECE_COUNT; index++) pieceHashes.set(PIECE_HASH, 20 * index);
  const { metainfo } = singleFile(1, { name: "bench" });
  return {
    ...metainfo,
    isMultiFile: true,
    files,
    geometry,
    pieceLength: PIECE_LENGTH,
    pieceHashes,
  };
}

/** As a download does: one after the other is put, and none waited for before the last. */
async function store128MiB(store: Store, piece: Uint8Array = PIECE): Promise<void> {
  const storing: Promise<readonly Outcome[]>[] = [];
  for (let pieceIndex = 0; pieceIndex < PIECE_COUNT; pieceIndex++) {
    storing.push(store.put([{ pieceIndex, begin: 0, bytes: piece, endsPiece: true }]));
  }
  const outcomes = (await Promise.all(storing)).flat();
  if (outcomes.some(({ kind }) => kind !== "right")) throw new Error("A piece is wrong");
}

/** Where the bytes lie that are put: in the store's own memory, if it has any. */
function placed({ memory }: Store): Uint8Array {
  if (memory === undefined) return PIECE;
  const start = memory.allocate(PIECE_LENGTH);
  memory.bytes.set(PIECE, start);
  return memory.bytes.subarray(start, start + PIECE_LENGTH);
}

type MakeDisk = (metainfo: Metainfo, directory: string) => Disk;

/** In this thread, and in one of its own. */
const DISKS: readonly (readonly [string, MakeDisk])[] = [
  ["LocalDisk", (metainfo, directory) => new LocalDisk(metainfo, directory)],
  [
    "ThreadedDisk",
    (metainfo, directory) => new ThreadedDisk(metainfo, { directory, memoryBytes: PIECE_LENGTH }),
  ],
];

for (const [name, makeDisk] of DISKS) {
  for (const fileCount of [1, 1024]) {
    Deno.bench(`${name}: put 128 MiB into ${fileCount} files`, async (bench) => {
      const directory = Deno.makeTempDirSync(PARENT);
      {
        const metainfo = describe(fileCount);
        const disk = () => makeDisk(metainfo, directory);
        await using store = new DiskStore(metainfo, disk, { directory });
        await check(store);
        const piece = placed(store);
        // Once untimed: what a fresh file costs is the system's.
        await store128MiB(store, piece);
        bench.start();
        await store128MiB(store, piece);
        bench.end();
      }
      Deno.removeSync(directory, { recursive: true });
    });
  }
}

Deno.bench("MemoryStore: put 128 MiB", async (bench) => {
  await using store = new MemoryStore(describe(1));
  await store128MiB(store);
  bench.start();
  await store128MiB(store);
  bench.end();
});
