/** The download as scripts run it: the program in a process of its own, a seeder in this one. */
import { assert, assertEquals } from "@std/assert";
import { permissionFlags } from "../support/readme.ts";
import { startSeeder } from "../support/seeder.ts";
import { fileContent, makeTorrent, type TorrentFixture } from "../support/torrent_fixture.ts";

const MAIN = new URL("../../main.ts", import.meta.url).href;
const KIB = 1024;
const FIXTURE = makeTorrent({
  name: "a film",
  files: [{ path: "one.bin", lengthBytes: 900 * KIB }, { path: "two.bin", lengthBytes: 100 * KIB }],
  pieceLength: 64 * KIB,
});

/** A folder with the torrent in it; gone at the end. */
class Place implements Disposable {
  readonly path = Deno.makeTempDirSync();

  constructor(fixture: TorrentFixture) {
    Deno.writeFileSync(`${this.path}/t`, fixture.torrentBytes);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

function spawn(place: Place, args: readonly string[], flags: readonly string[] = ["-A"]) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...flags, MAIN, "t", ...args],
    cwd: place.path,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function assertWhole(place: Place): Promise<void> {
  for (const [fileIndex, { path }] of FIXTURE.metainfo.files.entries()) {
    const written = await Deno.readFile([place.path, ...path].join("/"));
    assertEquals(written.toBase64(), fileContent(FIXTURE, fileIndex).toBase64());
  }
}

function eventsOf(stdout: Uint8Array): Record<string, unknown>[] {
  return new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("main() downloads with the permissions that the README names", async () => {
  using place = new Place(FIXTURE);
  await using seeder = await startSeeder(FIXTURE);
  const flags = permissionFlags("film.torrent");
  const peer = `127.0.0.1:${seeder.address.port}`;
  const child = spawn(place, ["--json", "--peer", peer], flags);
  const { code, stdout, stderr } = await child.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  const events = eventsOf(stdout);
  assertEquals(events[0]?.kind, "start");
  assertEquals([events.at(-1)?.kind, events.at(-1)?.totalBytes], ["complete", 1000 * KIB]);
  await assertWhole(place);
});

Deno.test({
  name: "main() saves its state on a signal and goes on from there",
  ignore: Deno.build.os === "windows",
  async fn() {
    using place = new Place(FIXTURE);
    await using seeder = await startSeeder({ ...FIXTURE, bytesPerSecond: 800 * KIB });
    const args = ["--json", "--peer", `127.0.0.1:${seeder.address.port}`];
    const child = spawn(place, args);
    await seeder.until(({ servedBytes }) => servedBytes >= 400 * KIB);
    child.kill("SIGINT");
    const stopped = await child.output();
    assertEquals(stopped.code, 130);
    assertEquals(new TextDecoder().decode(stopped.stderr), "westorrent: Stopped by SIGINT\n");
    assert(eventsOf(stopped.stdout).every(({ kind }) => kind !== "complete"));
    const resumed = await spawn(place, args).output();
    assertEquals(resumed.code, 0);
    const checked = eventsOf(resumed.stdout).find(({ kind }) => kind === "checked");
    assert(Number(checked?.haveBytes) > 0, JSON.stringify(checked));
    await assertWhole(place);
  },
});

Deno.test("main() gives up at once, with exit code 4, when no peer can ever come", async () => {
  using place = new Place(FIXTURE);
  const { code, stdout, stderr } = await spawn(place, ["-q"]).output();
  assertEquals([code, stdout.length], [4, 0]);
  assert(/^westorrent: Cannot [^\n]+\n$/.test(new TextDecoder().decode(stderr)));
});

Deno.test("main() ends quietly when the reader of a download's events leaves", async () => {
  using place = new Place(FIXTURE);
  await using seeder = await startSeeder({ ...FIXTURE, bytesPerSecond: 200 * KIB });
  const child = spawn(place, ["--json", "--peer", `127.0.0.1:${seeder.address.port}`]);
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assertEquals([(await child.status).code, stderr], [1, ""]);
});
