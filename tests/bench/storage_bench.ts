/** Storing pieces of 512 KiB, as fast as memory takes them: `deno bench -A tests/bench/storage_bench.ts`. */
import { openDiskStore } from "../../lib/storage/disk.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import type { Store } from "../../lib/storage/store.ts";
import { Geometry } from "../../lib/torrent/geometry.ts";
import type { Metainfo } from "../../lib/torrent/metainfo.ts";
import { check, singleFile } from "../storage/fixture.ts";
import { randomBytes } from "../support/torrent_fixture.ts";

const PIECE_LENGTH = 512 * 1024;
const PIECE_COUNT = 256;
const PIECE = randomBytes(PIECE_LENGTH, 1);

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

function store128MiB(store: Store): void {
  for (let pieceIndex = 0; pieceIndex < PIECE_COUNT; pieceIndex++) {
    store.write(pieceIndex * PIECE_LENGTH, PIECE);
    store.recordVerified([pieceIndex]);
  }
}

for (const fileCount of [1, 1024]) {
  Deno.bench(`DiskStore: write and record 128 MiB in ${fileCount} files`, async (bench) => {
    const directory = Deno.makeTempDirSync(PARENT);
    {
      await using store = await openDiskStore(describe(fileCount), { directory });
      await check(store);
      // Once untimed: what a fresh file costs is the system's.
      store128MiB(store);
      bench.start();
      store128MiB(store);
      bench.end();
    }
    Deno.removeSync(directory, { recursive: true });
  });
}

Deno.bench("MemoryStore: write and record 128 MiB", async (bench) => {
  await using store = new MemoryStore(describe(1));
  store128MiB(store);
  bench.start();
  store128MiB(store);
  bench.end();
});
