import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { StorageError } from "../../lib/base/errors.ts";
import { Files } from "../../lib/storage/files.ts";
import { Folders } from "../../lib/storage/folders.ts";
import { LocalDisk } from "../../lib/storage/local_disk.ts";
import {
  check,
  fileBytes,
  indicesIn,
  multiFile,
  openBelow,
  Place,
  putAt,
  singleFile,
  storePieces,
} from "./fixture.ts";
import { libUrl, runWith64 } from "./few_descriptors.ts";

const canMount = Deno.build.os === "linux" && Deno.uid() === 0 && mountWorks();

function run(command: string, ...args: readonly string[]): boolean {
  return new Deno.Command(command, { args: [...args], stderr: "null" }).outputSync().success;
}

/** A container may be root and yet not allowed to. */
function mountWorks(): boolean {
  using disk = tryMount();
  return disk.isMounted;
}

interface SmallDisk extends Disposable {
  readonly directory: string;
  readonly isMounted: boolean;
}

/** A disk of 4 MiB, unmounted afterwards. */
function tryMount(): SmallDisk {
  const directory = Deno.makeTempDirSync();
  const isMounted = run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", directory);
  return {
    directory,
    isMounted,
    [Symbol.dispose]() {
      if (isMounted) run("umount", directory);
      Deno.removeSync(directory);
    },
  };
}

Deno.test({
  name:
    "DiskStore refuses what the disk has no room for, naming both sizes, before anything is stored",
  ignore: !canMount,
  async fn() {
    using disk = tryMount();
    using place = new Place(disk.directory);
    const fixture = singleFile(16_000_000, { pieceLength: 1 << 20 });
    const failure = Promise.withResolvers<unknown>();
    await using store = await place.open(fixture, { onFailure: failure.resolve });
    await check(store);
    const error = await failure.promise;
    assertInstanceOf(error, StorageError);
    assertEquals(error.code, "ENOSPC");
    assertStringIncludes(error.message, "15.3 MiB are needed, 4.0 MiB are free");
    assertStrictEquals(await assertRejects(() => storePieces(store, fixture, [0])), error);
    assertStrictEquals(await assertRejects(() => store.sync()), error);
    assertEquals([...Deno.readDirSync(place.directory)].length, 1, "the journal alone");
  },
});

Deno.test({
  name: "DiskStore keeps its state when the disk fills up, and goes on once there is room",
  ignore: !canMount,
  async fn() {
    using disk = tryMount();
    const fixture = singleFile(3_000_000, { pieceLength: 500_000 });
    using place = new Place(disk.directory);
    const ballast = `${disk.directory}/ballast`;
    {
      await using store = await place.open(fixture);
      await check(store);
      await storePieces(store, fixture, [0, 1]);
      Deno.writeFileSync(ballast, new Uint8Array(2_900_000));
      const error = await assertRejects(() => storePieces(store, fixture, [2, 3]), StorageError);
      assertEquals(error.code, "ENOSPC");
      assertStringIncludes(error.message, "no space is left on the disk");
    }
    Deno.removeSync(ballast);
    await using store = await place.open(fixture);
    assertEquals(indicesIn((await check(store)).verified), [0, 1]);
    await storePieces(store, fixture, [2, 3, 4, 5]);
    await store.finish();
    assertEquals(Deno.readFileSync(place.path("file.bin")), fixture.content);
    await store[Symbol.asyncDispose]();
    assertEquals(openBelow(disk.directory), []);
  },
});

Deno.test({
  name: "DiskStore names a read-only file system",
  ignore: !canMount,
  async fn() {
    using disk = tryMount();
    using place = new Place();
    assert(run("mount", "-o", "remount,ro", disk.directory));
    const { directory } = disk;
    const error = await assertRejects(
      () => place.open(singleFile(100), { directory }),
      StorageError,
    );
    assertEquals(error.code, "EROFS");
    assertStringIncludes(error.message, "read-only");
  },
});

Deno.test("DiskStore leaves no descriptor behind when used in every way", async () => {
  using place = new Place();
  const fixture = multiFile([{ path: "a", lengthBytes: 50_000 }, {
    path: "b",
    lengthBytes: 50_000,
  }]);
  const store = await place.open(fixture);
  await check(store);
  await storePieces(store, fixture, [0, 1]);
  // Not awaited until the store is gone: whatever is under way ends first.
  const reading = store.read(0, new Uint8Array(60_000));
  const syncing = store.sync();
  await store[Symbol.asyncDispose]();
  assertEquals(openBelow(place.directory), []);
  await reading;
  await syncing;
});

Deno.test({
  name: "Files closes its own, then asks for room, when the process is out of descriptors",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using place = new Place();
    const program = `
      import { Files } from ${libUrl("storage/files.ts")};
      import { Folders } from ${libUrl("storage/folders.ts")};
      import fs from "node:fs";
      const files = Array.from({ length: 200 }, (_, n) =>
        ({ path: ["f" + n], lengthBytes: 1, isPadding: false }));
      const taken = [];
      let asked = 0;
      const onDescriptorShortage = () => { asked++; fs.closeSync(taken.pop()); return true; };
      const options = { maxOpenFiles: 150, onDescriptorShortage };
      const open = new Files(files, new Folders(${JSON.stringify(place.directory)}), options);
      for (let n = 0; n < 100; n++) open.write(n, 0, Uint8Array.of(n));
      const own = open.openCount;
      await open[Symbol.asyncDispose]();
      try { for (;;) taken.push(fs.openSync("/dev/null")); } catch { /* full */ }
      const again = new Files(files, new Folders(${JSON.stringify(place.directory)}), options);
      for (let n = 100; n < 200; n++) again.write(n, 0, Uint8Array.of(n));
      console.log(JSON.stringify({ own, asked, again: again.openCount }));`;
    const { own, asked, again } = JSON.parse(await runWith64(place, program));
    assert(own >= 1 && own < 64, `${own} of its own`);
    assertEquals(asked, 1);
    assertEquals(again, 1);
    for (let n = 0; n < 200; n++) assertEquals(Deno.readFileSync(place.path(`f${n}`))[0], n);
  },
});

Deno.test("Files closes what is being synced only afterwards", async () => {
  using place = new Place();
  const fixture = multiFile(
    Array.from({ length: 10 }, (_, n) => ({ path: `f${n}`, lengthBytes: 1000 })),
  );
  const { files } = fixture.metainfo;
  await using open = new Files(files, new Folders(place.directory), { maxOpenFiles: 2 });
  for (const index of files.keys()) {
    open.write(index, 0, fileBytes(fixture, index));
    assert(open.openCount <= 2);
  }
  const syncing = files.map((_, index) => open.sync(index));
  assertEquals(open.openCount, 10);
  // Reading goes on meanwhile, by one descriptor more, and closes none of them.
  for (const index of files.keys()) {
    const into = new Uint8Array(1000);
    assertEquals(open.read(index, 0, into), 1000);
    assertEquals(into, fileBytes(fixture, index).slice());
  }
  assertEquals(open.openCount, 11);
  await Promise.all(syncing);
  assert(open.openCount <= 2);
});

Deno.test("Files reads as much as there is", async () => {
  using place = new Place();
  const fixture = multiFile([{ path: "a", lengthBytes: 1000 }, { path: "b", lengthBytes: 1000 }]);
  place.lay(fixture);
  Deno.truncateSync(place.path("folder", "b"), 300);
  const { files } = fixture.metainfo;
  await using open = new Files(files, new Folders(place.directory));
  const lengths = [[0, 0], [0, 900], [1, 0], [1, 299], [1, 300], [1, 999]] as const;
  const counts = lengths.map(([index, offset]) => open.read(index, offset, new Uint8Array(1000)));
  assertEquals(counts, [1000, 100, 300, 1, 0, 0]);
});

Deno.test("DiskStore puts onto the disk what blocks an earlier run has stored, before it vouches for them", async () => {
  using place = new Place();
  const fixture = singleFile(100_000);
  {
    await using store = await place.open(fixture);
    await check(store);
    await putAt(store, fixture.metainfo, { offset: 65_536, bytes: new Uint8Array(16_384) });
    await store.recordPartial(2, Uint8Array.of(0x80));
  }
  const soiled: number[] = [];
  const makeDisk = () => {
    const disk = new LocalDisk(fixture.metainfo, place.directory);
    disk.soil = (pieces) => Promise.resolve(void soiled.push(...indicesIn(pieces)));
    return disk;
  };
  await using store = await place.open(fixture, { makeDisk });
  assertEquals([...(await check(store)).partial.keys()], [2]);
  assertEquals(soiled, [2]);
});
