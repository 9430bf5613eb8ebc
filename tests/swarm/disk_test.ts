/** Downloads onto disks that fail: one line, the exit code of disks, and the next run goes on. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exitCodeOf, failureText } from "../../lib/cli/exit.ts";
import { Folder } from "../support/program.ts";
import { Seeder } from "../support/seeder.ts";
import {
  assertComplete,
  assertSameBytes,
  eventsOf,
  KIB,
  type Run,
  runDownload,
} from "../support/swarm.ts";
import { makeTorrent } from "../support/torrent_fixture.ts";

const fixture = makeTorrent({ files: 3_000_000, pieceLength: 256 * KIB });
const timeoutMs = 10_000;
const DISK = 5;

/** A disk of 4 MiB. */
class SmallDisk implements Disposable {
  readonly path = Deno.makeTempDirSync();
  readonly isMounted = run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", this.path);

  [Symbol.dispose](): void {
    if (this.isMounted) run("umount", this.path);
    Deno.removeSync(this.path, { recursive: true });
  }
}

function run(command: string, ...args: readonly string[]): boolean {
  return new Deno.Command(command, { args: [...args], stderr: "null" }).outputSync().success;
}

/** A container may be root and yet not allowed to. */
function isMountable(): boolean {
  using disk = new SmallDisk();
  return disk.isMounted;
}

const canMount = Deno.build.os === "linux" && Deno.uid() === 0 && isMountable();

function assertDiskFailure(run: Run, words: string): void {
  assertEquals(exitCodeOf(run.error), DISK, `${run.error}`);
  const line = failureText(run.error);
  assertStringIncludes(line, words);
  assertEquals(line.indexOf("\n"), line.length - 1, line);
  assertEquals(eventsOf(run, "complete"), []);
}

async function assertGoesOn(directory: string): Promise<Seeder> {
  await using seeder = new Seeder(fixture);
  assertComplete(await runDownload(fixture, { directory, from: [seeder], timeoutMs }));
  assertSameBytes(await Deno.readFile(`${directory}/fixture`), fixture.content);
  return seeder;
}

Deno.test({
  name: "download() onto a disk that fills up keeps what it had",
  ignore: !canMount,
  async fn() {
    using disk = new SmallDisk();
    const ballast = `${disk.path}/ballast`;
    let blocks = 0;
    await using seeder = new Seeder({
      ...fixture,
      bytesPerSecond: 20_000_000,
      behaviour: {
        answer(peer, request, block) {
          if (++blocks === 100) fill(ballast);
          peer.serve(request, block);
        },
      },
    });
    const run = await runDownload(fixture, { directory: disk.path, from: [seeder], timeoutMs });
    assertDiskFailure(run, "no space is left on the disk");
    Deno.removeSync(ballast);
    const { counters } = await assertGoesOn(disk.path);
    assert(counters.servedBytes < fixture.content.length, "nothing was kept");
  },
});

Deno.test({
  name: "download() onto a read-only disk says so, and goes on once that has changed",
  ignore: !canMount,
  async fn() {
    using disk = new SmallDisk();
    assert(run("mount", "-o", "remount,ro", disk.path));
    assertDiskFailure(await runDownload(fixture, { directory: disk.path }), "read-only");
    assert(run("mount", "-o", "remount,rw", disk.path));
    await assertGoesOn(disk.path);
  },
});

Deno.test("download() into a folder that vanishes says so, and the next run starts afresh", async () => {
  using folder = new Folder();
  const directory = `${folder.path}/out`;
  let blocks = 0;
  await using seeder = new Seeder({
    ...fixture,
    behaviour: {
      answer(peer, request, block) {
        if (++blocks === 100) Deno.removeSync(directory, { recursive: true });
        peer.serve(request, block);
      },
    },
  });
  const run = await runDownload(fixture, { directory, from: [seeder], timeoutMs });
  assertDiskFailure(run, "");
  await assertGoesOn(directory);
});

/** Takes all the room there is. */
function fill(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  const bytes = new Uint8Array(64 * KIB);
  try {
    while (file.writeSync(bytes) > 0);
  } catch {
    // Full: as it should be.
  }
}
