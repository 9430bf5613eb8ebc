/**
 * The library as another project uses it: imported by its address, without our configuration.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { TemporaryFolder } from "./interop/support/loopback.ts";
import { type Outcome, run } from "./interop/support/process.ts";
import { WitnessTrackers } from "./interop/support/witness_trackers.ts";
import { codeBlocks, readmeSection } from "./support/readme.ts";
import { startSeeder } from "./support/seeder.ts";
import { makeTorrent } from "./support/torrent_fixture.ts";

const LIBRARY = new URL("../lib/mod.ts", import.meta.url).href;

/** The whole of the other project's code: the README's example, with the library where it is. */
const [EXAMPLE = ""] = codeBlocks(readmeSection("## As a library"), "ts");
const PROGRAM = EXAMPLE.replace(`"./lib/mod.ts"`, `"${LIBRARY}"`);

Deno.test("mod.ts downloads, by the README's example of ten lines, in another project that sets no flags", async () => {
  await using project = await makeProject();
  const content = { files: 300_000, pieceLength: 32 * 1024, name: "content.bin" };
  await using seeder = await startSeeder(makeTorrent(content));
  await using trackers = await WitnessTrackers.start(seeder.address.port);
  const torrent = makeTorrent({ ...content, trackers: [[trackers.httpUrl], [trackers.udpUrl]] });
  await Deno.writeFile(project.join("film.torrent"), torrent.torrentBytes);

  assert(EXAMPLE.trimEnd().split("\n").length <= 10, EXAMPLE);
  const { code, stdout, stderr } = await deno(project, ["run", "-A", "program.ts"]);
  assertEquals([code, stderr], [0, ""]);
  assert(/^(?:\d+ of 300000\n)*complete and verified\n$/.test(stdout), stdout);
  assertEquals(await Deno.readFile(project.join("films", "content.bin")), torrent.content);
});

Deno.test("mod.ts passes the type check of another project", async () => {
  await using project = await makeProject();
  const outcome = await deno(project, ["check", "--quiet", "program.ts"]);
  assertEquals(outcome, { code: 0, stdout: "", stderr: "" });
});

/** A folder with a configuration of its own, which asks for nothing. */
async function makeProject(): Promise<TemporaryFolder> {
  const folder = await TemporaryFolder.make();
  await Deno.writeTextFile(folder.join("deno.json"), "{}");
  await Deno.writeTextFile(folder.join("program.ts"), PROGRAM);
  return folder;
}

function deno(project: TemporaryFolder, args: readonly string[]): Promise<Outcome> {
  return run({
    command: Deno.execPath(),
    args,
    cwd: project.path,
    debianPackage: "npm's deno@2.9.6",
  });
}
