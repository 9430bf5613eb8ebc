/** Downloads by main.ts as a process: killed, interrupted, short of descriptors, given up. */
import { assert, assertEquals } from "@std/assert";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { Folder, Program, runProgram } from "../support/program.ts";
import { Seeder } from "../support/seeder.ts";
import { assertSameBytes, concurrently, eventsOf, KIB } from "../support/swarm.ts";
import { fileContent, makeTorrent } from "../support/torrent_fixture.ts";
import * as villains from "../support/villains.ts";

const MIB = 1024 * KIB;
const small = makeTorrent({ files: 1000, pieceLength: 16 * KIB });
const isLinux = Deno.build.os === "linux";

Deno.test("main() killed with -9 again and again keeps what it had", async () => {
  using folder = new Folder();
  const fixture = makeTorrent({ files: 8 * MIB, pieceLength: 64 * KIB });
  await using seeder = new Seeder({ ...fixture, bytesPerSecond: 16 * MIB });
  const options = { folder: folder.path, from: [seeder], args: ["--timeout", "10"] };
  const found: number[] = [];
  for (let round = 1; round <= 3; round++) {
    await using program = new Program(fixture, options);
    await seeder.until(({ servedBytes }) => servedBytes >= round * 2 * MIB);
    program.kill("SIGKILL");
    found.push(eventsOf(await program.ended, "checked")[0]?.haveBytes ?? NaN);
  }
  const last = await runProgram(fixture, options);
  assertEquals([last.code, last.stderr], [0, ""]);
  found.push(eventsOf(last, "checked")[0]?.haveBytes ?? NaN);
  assertEquals(found, found.toSorted((a, b) => a - b));
  assertEquals(new Set(found).size, 4, `no progress: ${found}`);
  assertSameBytes(await Deno.readFile(`${folder.path}/out/fixture`), fixture.content);
  const { servedBytes } = seeder.counters;
  assert(servedBytes <= 1.2 * fixture.content.length, `${servedBytes} bytes served`);
  assertEquals(seeder.errors, []);
});

Deno.test("main() ends by signals with its state saved, blocks of unfinished pieces included", {
  ignore: Deno.build.os === "windows",
}, async (t) => {
  const rows = [["SIGINT", 130], ["SIGTERM", 143]] as const;
  const fixture = makeTorrent({ files: 4 * MIB, pieceLength: MIB });
  const keptBytes = 1.5 * MIB;
  await concurrently(t, rows.map((row) => [row[0], row]), async ([signal, code]) => {
    using folder = new Folder();
    const behaviour = villains.stalling(keptBytes);
    await using first = new Seeder({ ...fixture, behaviour });
    await using program = new Program(fixture, {
      folder: folder.path,
      from: [first],
      args: ["--timeout", "10"],
      onEvent: (event) => {
        if (event.kind === "progress" && event.downloadedBytes === keptBytes) program.kill(signal);
      },
    });
    const ended = await program.ended;
    assertEquals([ended.code, ended.stderr], [code, `westorrent: Stopped by ${signal}\n`]);
    await using second = new Seeder(fixture);
    const next = await runProgram(fixture, { folder: folder.path, from: [second] });
    assertEquals([next.code, next.stderr], [0, ""]);
    assertEquals(second.counters.servedBytes, fixture.content.length - keptBytes);
    assertSameBytes(await Deno.readFile(`${folder.path}/out/fixture`), fixture.content);
  });
});

Deno.test({
  name: "main() works with 64 descriptors, 1,000 files and 50 peers",
  ignore: !isLinux,
  async fn() {
    using folder = new Folder();
    const files = Array.from({ length: 1000 }, (_, n) => ({ path: `f${n}`, lengthBytes: 1500 }));
    const fixture = makeTorrent({ files, pieceLength: BLOCK_LENGTH });
    await using open = new AsyncDisposableStack();
    const seeders = files.slice(0, 50).map(() => open.use(new Seeder(fixture)));
    const ended = await runProgram(fixture, {
      folder: folder.path,
      from: seeders,
      args: ["--timeout", "10"],
      wrapper: ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"],
    });
    assertEquals([ended.code, ended.stderr], [0, ""]);
    for (const index of files.keys()) {
      const bytes = await Deno.readFile(`${folder.path}/out/fixture/f${index}`);
      assertSameBytes(bytes, fileContent(fixture, index));
    }
    assertEquals(eventsOf(ended, "peer").filter(({ status }) => status === "banned"), []);
    assertEquals(seeders.flatMap(({ errors }) => errors), []);
  },
});

Deno.test("main() exits 4 when nothing can come any more", async (t) => {
  const rows = [
    ["for so long", ["--timeout", "0.2"], "Nothing new arrived for 0.2 s"],
    ["nobody there", ["--peer", "127.0.0.1:1"], "Cannot complete the download: no source is left"],
  ] as const;
  await concurrently(t, rows.map((row) => [row[0], row]), async ([name, args, message]) => {
    using folder = new Folder();
    await using silent = new Seeder({ ...small, behaviour: villains.silent() });
    const from = name === "for so long" ? [silent] : [];
    const ended = await runProgram(small, { folder: folder.path, from, args });
    assertEquals([ended.code, ended.stderr], [4, `westorrent: ${message}\n`]);
  });
});
