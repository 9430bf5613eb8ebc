import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { StorageError } from "../../lib/base/errors.ts";
import { openDiskStore } from "../../lib/storage/disk.ts";
import { Files } from "../../lib/storage/files.ts";
import { Folders } from "../../lib/storage/folders.ts";
import {
  check,
  indicesIn,
  multiFile,
  openBelow,
  Place,
  singleFile,
  storePieces,
} from "./fixture.ts";

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
  name: "DiskStore.check() refuses at once what the disk has no room for, naming both sizes",
  ignore: !canMount,
  async fn() {
    using disk = tryMount();
    const { metainfo } = singleFile(16_000_000, { pieceLength: 1 << 20 });
    await using store = await openDiskStore(metainfo, { directory: disk.directory });
    const error = await assertRejects(() => check(store), StorageError);
    assertEquals(error.code, "ENOSPC");
    assertStringIncludes(error.message, "16.0 MB are needed, 4.2 MB are free");
  },
});

Deno.test({
  name: "DiskStore keeps its state when the disk fills up, and goes on once there is room",
  ignore: !canMount,
  async fn() {
    using disk = tryMount();
    const fixture = singleFile(3_000_000, { pieceLength: 500_000 });
    const options = { directory: disk.directory };
    const ballast = `${disk.directory}/ballast`;
    {
      await using store = await openDiskStore(fixture.metainfo, options);
      await check(store);
      storePieces(store, fixture, [0, 1]);
      Deno.writeFileSync(ballast, new Uint8Array(2_900_000));
      const full = async () => await storePieces(store, fixture, [2, 3]);
      const error = await assertRejects(full, StorageError);
      assertEquals(error.code, "ENOSPC");
      assertStringIncludes(error.message, "no space is left on the disk");
    }
    Deno.removeSync(ballast);
    await using store = await openDiskStore(fixture.metainfo, options);
    assertEquals(indicesIn((await check(store)).verified), [0, 1]);
    storePieces(store, fixture, [2, 3, 4, 5]);
    await store.finish();
    assertEquals(Deno.readFileSync(`${disk.directory}/file.bin`), fixture.content);
    await store[Symbol.asyncDispose]();
    assertEquals(openBelow(disk.directory), []);
  },
});

Deno.test({
  name: "openDiskStore() names a read-only file system",
  ignore: !canMount,
  async fn() {
    using disk = tryMount();
    assert(run("mount", "-o", "remount,ro", disk.directory));
    const { metainfo } = singleFile(100);
    const opening = () => openDiskStore(metainfo, { directory: disk.directory });
    const error = await assertRejects(opening, StorageError);
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
  storePieces(store, fixture, [0, 1]);
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
      import { Files } from ${JSON.stringify(import.meta.resolve("../../lib/storage/files.ts"))};
      import { Folders } from ${
      JSON.stringify(import.meta.resolve("../../lib/storage/folders.ts"))
    };
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
    const main = place.path("main.ts");
    Deno.writeTextFileSync(main, program);
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: [
        "-c",
        'ulimit -n 64; exec "$0" run -A --no-check --no-config "$1"',
        Deno.execPath(),
        main,
      ],
    }).output();
    const { own, asked, again } = JSON.parse(
      new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr),
    );
    assert(own >= 1 && own < 64, `${own} of its own`);
    assertEquals(asked, 1);
    assertEquals(again, 1);
    for (let n = 0; n < 200; n++) assertEquals(Deno.readFileSync(place.path(`f${n}`))[0], n);
  },
});

Deno.test("Files pins what is being read: it is closed only afterwards", async () => {
  using place = new Place();
  const fixture = multiFile(
    Array.from({ length: 10 }, (_, n) => ({ path: `f${n}`, lengthBytes: 1000 })),
  );
  place.lay(fixture);
  const { files } = fixture.metainfo;
  await using open = new Files(files, new Folders(place.directory), { maxOpenFiles: 2 });
  const into = files.map(() => new Uint8Array(1000));
  await Promise.all(into.map((bytes, index) => open.read(index, 0, bytes)));
  into.forEach((bytes, index) =>
    assertEquals(bytes, fixture.content.slice(index * 1000, index * 1000 + 1000))
  );
  await open.read(0, 0, new Uint8Array(1));
  assert(open.openCount <= 2);
});
