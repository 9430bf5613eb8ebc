import { assertEquals, assertRejects } from "@std/assert";
import { StorageError } from "../../../lib/base/errors.ts";
import type { RunBytes } from "../../../lib/storage/store.ts";
import { RING_LENGTH } from "../../../lib/storage/thread/ring.ts";
import { ThreadedDisk } from "../../../lib/storage/thread/threaded_disk.ts";
import { KIB } from "../../support/torrents.ts";
import { randomOf } from "../../torrent/helpers.ts";
import { Place, singleFile, wholePiece } from "../fixture.ts";

/** More pieces than the ring holds runs. */
const PIECE_COUNT = 2 * RING_LENGTH + 100;
const FIXTURE = singleFile(PIECE_COUNT * KIB, { pieceLength: KIB });
const { metainfo, content } = FIXTURE;

/** A disk whose memory holds the torrent, and its pieces there. */
function diskIn(place: Place): { readonly disk: ThreadedDisk; readonly pieces: RunBytes[] } {
  const { directory } = place;
  const disk = new ThreadedDisk(metainfo, { directory, memoryBytes: content.length });
  const { bytes } = disk.memory;
  bytes.set(content);
  const pieces = Array.from({ length: PIECE_COUNT }, (_, pieceIndex) => ({
    ...wholePiece(FIXTURE, pieceIndex),
    bytes: bytes.subarray(pieceIndex * KIB, (pieceIndex + 1) * KIB),
  }));
  return { disk, pieces };
}

Deno.test("ThreadedDisk stores more from its memory than the ring holds, in batches of any size", async () => {
  using place = new Place();
  await using disks = new AsyncDisposableStack();
  const { disk, pieces } = diskIn(place);
  disks.use(disk);
  const random = randomOf(5);
  const wrong = new Set([0, 700, RING_LENGTH, PIECE_COUNT - 1]);
  for (const pieceIndex of wrong) {
    disk.memory.view.setUint8(pieceIndex * KIB, ~(content[pieceIndex * KIB] ?? 0) & 0xff);
  }
  const told: Promise<string[]>[] = [];
  for (let at = 0; at < PIECE_COUNT;) {
    const batch = pieces.slice(at, at += random(300));
    told.push(disk.put(batch).then((outcomes) => outcomes.map(({ kind }) => kind)));
  }
  const expected = pieces.map((_, pieceIndex) => wrong.has(pieceIndex) ? "wrong" : "right");
  assertEquals((await Promise.all(told)).flat(), expected);
  const last = PIECE_COUNT - 1;
  for (const pieceIndex of [1, 699, 701, RING_LENGTH + 1, last - 1]) {
    const into = new Uint8Array(KIB);
    await disk.read(pieceIndex * KIB, into);
    assertEquals(into, content.slice(pieceIndex * KIB, (pieceIndex + 1) * KIB), `${pieceIndex}`);
  }
});

Deno.test("ThreadedDisk rejects a batch of which one run cannot be stored, and goes on with the next", async () => {
  using place = new Place();
  await using disks = new AsyncDisposableStack();
  const { disk, pieces } = diskIn(place);
  disks.use(disk);
  // Where the file would go there is a folder.
  Deno.mkdirSync(place.path("file.bin"));
  await assertRejects(() => disk.put(pieces.slice(0, 3)), StorageError);
  Deno.removeSync(place.path("file.bin"));
  const outcomes = await disk.put(pieces.slice(0, 3));
  assertEquals(outcomes, [{ kind: "right" }, { kind: "right" }, { kind: "right" }]);
  assertEquals(await disk.put([]), []);
});

Deno.test("ThreadedDisk rejects what is put, before and after, where its thread cannot open the torrent", async () => {
  using place = new Place();
  // No number at all: stands for whatever may fail there, such as memory.
  const options = { directory: place.directory, maxOpenFiles: 1n as unknown as number };
  await using disk = new ThreadedDisk(metainfo, { ...options, memoryBytes: KIB });
  const run = { ...wholePiece(FIXTURE, 0), bytes: disk.memory.bytes };
  for (let times = 0; times < 2; times++) {
    await assertRejects(() => disk.put([run]), Error, "BigInt");
  }
});
