import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { StorageError } from "../../lib/base/errors.ts";
import { LocalDisk } from "../../lib/storage/local_disk.ts";
import { storageFailure } from "../../lib/storage/storage_error.ts";
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
  sha1,
  singleFile,
  storePieces,
} from "./fixture.ts";

/** What a whole run is refused with. */
async function refusal(place: Place, fixture: Fixture): Promise<StorageError> {
  const run = async () => {
    await using store = await place.open(fixture);
    await check(store);
    await storePieces(store, fixture);
    await store.finish();
  };
  const error = await assertRejects(run, StorageError);
  assert(!error.message.includes("\n"));
  assertEquals(openBelow(place.directory), []);
  return error;
}

Deno.test("DiskStore refuses a folder where another has the lock", async () => {
  using place = new Place();
  const fixture = singleFile(100);
  {
    await using _store = await place.open(fixture);
    const error = await assertRejects(() => place.open(fixture), StorageError);
    assertEquals(error.code, "EBUSY");
    assertStringIncludes(error.message, "in use by another process");
  }
  await using _again = await place.open(fixture);
});

Deno.test("DiskStore refuses while another process has the lock", async () => {
  using place = new Place();
  const fixture = singleFile(100);
  const journal = place.path("file.bin.westorrent");
  const program = `
    const file = Deno.openSync(${JSON.stringify(journal)}, { create: true, append: true });
    console.log(file.tryLockSync(true));
    await Deno.stdin.read(new Uint8Array(1));`;
  await using process = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", program],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = process.stdout.getReader();
  assertStringIncludes(new TextDecoder().decode((await output.read()).value), "true");
  const error = await assertRejects(() => place.open(fixture), StorageError);
  assertEquals(error.code, "EBUSY");
  await process.stdin.close();
  while (!(await output.read()).done);
  await process.status;
  await using _store = await place.open(fixture);
});

Deno.test("DiskStore lets go of the journal when there can be no disk", async () => {
  using place = new Place();
  const makeDisk = () => {
    throw new RangeError("no memory for it");
  };
  await assertRejects(() => place.open(singleFile(100), { makeDisk }), RangeError);
  assertEquals(openBelow(place.directory), []);
  assertEquals([...Deno.readDirSync(place.directory)], []);
});

Deno.test("DiskStore.check() refuses somebody's file, and leaves no trace", async () => {
  using place = new Place();
  const fixture = singleFile(100_000);
  Deno.writeTextFileSync(place.path("file.bin"), "somebody's");
  for (let run = 0; run < 2; run++) {
    const error = await refusal(place, fixture);
    assertEquals(error.code, "EEXIST");
    assertStringIncludes(error.message, "use --overwrite to replace it");
    assertEquals(Deno.readTextFileSync(place.path("file.bin")), "somebody's");
    assertEquals([...Deno.readDirSync(place.directory)].length, 1);
  }
});

Deno.test("DiskStore.check() takes no file for the torrent's that has but zeros in common with it", async () => {
  using place = new Place();
  const fixture = singleFile(300_000, { pieceLength: 100_000 });
  fixture.content.fill(0, 100_000, 200_000);
  fixture.metainfo.pieceHashes.set(sha1(pieceOf(fixture, 1)), 20);
  const theirs = new Uint8Array(300_000).fill(1).fill(0, 100_000, 200_000);
  Deno.writeFileSync(place.path("file.bin"), theirs);
  assertEquals((await refusal(place, fixture)).code, "EEXIST");
  assertEquals(Deno.readFileSync(place.path("file.bin")), theirs);
  await using store = await place.open(fixture, { overwrite: true });
  assertEquals(indicesIn((await check(store)).verified), [1]);
});

/** Counts the pieces that it is asked to look into. */
class CountingDisk extends LocalDisk {
  probed = 0;

  override probe(pieces: Uint8Array): Promise<Uint8Array> {
    this.probed += indicesIn(pieces).length;
    return super.probe(pieces);
  }
}

Deno.test("DiskStore.check() reads few of many right pieces again to tell whose they are", async () => {
  using place = new Place();
  const fixture = singleFile(3_000_000);
  place.lay(fixture);
  const disk = new CountingDisk(fixture.metainfo, place.directory);
  await using store = await place.open(fixture, { makeDisk: () => disk });
  assertEquals(indicesIn((await check(store)).verified), allPieces(fixture));
  assert(disk.probed <= 8, `${disk.probed} pieces were read again`);
});

Deno.test("DiskStore.check() replaces somebody's file when told to", async () => {
  using place = new Place();
  const fixture = singleFile(100_000);
  Deno.writeFileSync(place.path("file.bin"), new Uint8Array(200_000).fill(1));
  await using store = await place.open(fixture, { overwrite: true });
  assertEquals(indicesIn((await check(store)).verified), []);
  await storePieces(store, fixture);
  await store.finish();
  assertEquals(Deno.readFileSync(place.path("file.bin")), fileBytes(fixture, 0));
});

Deno.test("DiskStore.check() refuses the state of another torrent, unless told to replace it", async () => {
  using place = new Place();
  const other = singleFile(100_000, { seed: 2 });
  {
    await using store = await place.open(other);
    await check(store);
    await storePieces(store, other, [0, 1]);
  }
  const fixture = singleFile(100_000, { seed: 3 });
  const error = await refusal(place, fixture);
  assertEquals(error.code, "EEXIST");
  assertStringIncludes(error.message, "state of another torrent");
  {
    await using store = await place.open(other);
    assertEquals(indicesIn((await check(store)).verified), [0, 1], "it was left alone");
  }
  await using store = await place.open(fixture, { overwrite: true });
  assertEquals(indicesIn((await check(store)).verified), []);
});

Deno.test("DiskStore.check() leaves no state of files that it has begun to replace", async () => {
  using place = new Place();
  const files = [{ path: "a", lengthBytes: 32_768 }, { path: "b", lengthBytes: 65_536 }];
  const other = multiFile(files, { seed: 2 });
  {
    await using store = await place.open(other);
    await check(store);
    await storePieces(store, other, [0, 1]);
  }
  const fixture = multiFile(files, { seed: 3 });
  const { directory } = place;
  const makeDisk = () => {
    const disk = new LocalDisk(fixture.metainfo, directory);
    const truncate = disk.truncate.bind(disk);
    disk.truncate = async ([first = 0]) => {
      await truncate([first]);
      throw storageFailure("truncate", directory, "EIO");
    };
    return disk;
  };
  {
    await using store = await place.open(fixture, { overwrite: true, makeDisk });
    await assertRejects(() => check(store), StorageError);
  }
  await using store = await place.open(other, { overwrite: true });
  assertEquals(indicesIn((await check(store)).verified), [1]);
});

Deno.test("DiskStore follows no symbolic link below its folder", async (t) => {
  const fixture = multiFile([{ path: "a/b", lengthBytes: 100 }, { path: "c", lengthBytes: 50 }]);
  const links: readonly (readonly [string, string, "file" | "dir"])[] = [
    ["the file", "folder/a/b", "file"],
    ["a folder on the way", "folder/a", "dir"],
    ["the torrent's folder", "folder", "dir"],
    ["the journal", "folder.westorrent", "file"],
  ];
  for (const [words, link, type] of links) {
    await t.step(words, async () => {
      using outside = new Place();
      using place = new Place();
      const canary = outside.path("canary");
      Deno.writeTextFileSync(canary, "sings");
      Deno.mkdirSync(place.path(link, ".."), { recursive: true });
      Deno.symlinkSync(type === "file" ? canary : outside.directory, place.path(link), { type });
      assertEquals((await refusal(place, fixture)).code, "ELOOP");
      assertEquals(Deno.readTextFileSync(canary), "sings");
      assertEquals([...Deno.readDirSync(outside.directory)].length, 1);
    });
  }
});

Deno.test("DiskStore follows no link planted where a file is to be made", async () => {
  using outside = new Place();
  using place = new Place();
  const fixture = singleFile(100);
  await using store = await place.open(fixture);
  await check(store);
  Deno.symlinkSync(outside.path("canary"), place.path("file.bin"));
  const error = await assertRejects(() => storePieces(store, fixture), StorageError);
  assertEquals(error.code, "ELOOP");
  assertEquals([...Deno.readDirSync(outside.directory)], []);
});

Deno.test("DiskStore follows no link that takes the place of a folder meanwhile", async (t) => {
  const fixture = multiFile([
    { path: "d/a", lengthBytes: 65_536 },
    { path: "d/b", lengthBytes: 32_768 },
    { path: "c", lengthBytes: 32_768 },
  ]);
  const rows: readonly (readonly [string, number])[] = [
    ["to a file that was written before", 1],
    ["to a new file", 2],
  ];
  for (const [words, pieceIndex] of rows) {
    await t.step(words, async () => {
      using outside = new Place();
      using place = new Place();
      Deno.writeTextFileSync(outside.path("a"), "sings");
      await using store = await place.open(fixture, { maxOpenFiles: 1 });
      await check(store);
      await storePieces(store, fixture, [0, 3]);
      Deno.renameSync(place.path("folder", "d"), place.path("folder", "e"));
      Deno.symlinkSync(outside.directory, place.path("folder", "d"), { type: "dir" });
      const writing = () => storePieces(store, fixture, [pieceIndex]);
      assertEquals((await assertRejects(writing, StorageError)).code, "ELOOP");
      assertEquals(Deno.readTextFileSync(outside.path("a")), "sings");
      assertEquals([...Deno.readDirSync(outside.directory)].length, 1);
    });
  }
});

Deno.test("DiskStore writes through an output folder that is a link itself", async () => {
  using real = new Place();
  using place = new Place();
  const fixture = singleFile(100);
  Deno.symlinkSync(real.directory, place.path("link"), { type: "dir" });
  await using store = await place.open(fixture, { directory: place.path("link") });
  await check(store);
  await storePieces(store, fixture);
  await store.finish();
  assertEquals(Deno.readFileSync(real.path("file.bin")), fixture.content);
});

Deno.test("DiskStore names what stands in its way", async (t) => {
  const fixture = multiFile([{ path: "a/b", lengthBytes: 100 }]);
  const rows: readonly (readonly [string, (place: Place) => void, string])[] = [
    [
      "a folder for the file",
      (at) => Deno.mkdirSync(at.path("folder/a/b"), { recursive: true }),
      "EISDIR",
    ],
    ["a file for the folder", (at) => Deno.writeTextFileSync(at.path("folder"), "x"), "ENOTDIR"],
    ["a folder for the journal", (at) => Deno.mkdirSync(at.path("folder.westorrent")), "EISDIR"],
  ];
  for (const [words, prepare, code] of rows) {
    await t.step(words, async () => {
      using place = new Place();
      prepare(place);
      assertEquals((await refusal(place, fixture)).code, code);
    });
  }
});

Deno.test("DiskStore says what is wrong with an output folder that is a file", async () => {
  using place = new Place();
  const directory = place.path("file");
  Deno.writeTextFileSync(directory, "x");
  const error = await assertRejects(() => place.open(singleFile(9), { directory }), StorageError);
  assertEquals(
    error.message,
    `Cannot make folder "${directory}": something else stands there (EEXIST)`,
  );
});

Deno.test("DiskStore names a folder that vanished", async () => {
  using parent = new Place();
  const fixture = multiFile([{ path: "a", lengthBytes: 10 }, { path: "d/b", lengthBytes: 10 }]);
  await using store = await parent.open(fixture, { directory: parent.path("out") });
  await check(store);
  Deno.removeSync(parent.path("out"), { recursive: true });
  const error = await assertRejects(() => storePieces(store, fixture), StorageError);
  assertEquals(error.code, "ENOENT");
  assertStringIncludes(error.message, "gone");
});
