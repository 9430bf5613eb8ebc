/**
 * The library as another project uses it: imported by its address, without our configuration.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { TemporaryFolder } from "./interop/support/loopback.ts";
import { type Outcome, run } from "./interop/support/process.ts";
import { WitnessTrackers } from "./interop/support/witness_trackers.ts";
import { startSeeder } from "./support/seeder.ts";
import { makeTorrent } from "./support/torrent_fixture.ts";

const LIBRARY = new URL("../lib/mod.ts", import.meta.url).href;

/** The whole of the other project's code. */
const PROGRAM = [
  `import { download, parseMetainfo } from "${LIBRARY}";`,
  `const [torrentPath = "", directory = ""] = Deno.args;`,
  `const metainfo = parseMetainfo(await Deno.readFile(torrentPath));`,
  `for await (const event of download(metainfo, { directory })) {`,
  `  if (event.kind === "complete") console.log(event.totalBytes);`,
  `}`,
].join("\n");

Deno.test("mod.ts downloads in another project that sets no flags", async () => {
  await using project = await makeProject();
  const content = { files: 300_000, pieceLength: 32 * 1024, name: "content.bin" };
  await using seeder = await startSeeder(makeTorrent(content));
  await using trackers = await WitnessTrackers.start(seeder.address.port);
  const torrent = makeTorrent({ ...content, trackers: [[trackers.httpUrl], [trackers.udpUrl]] });
  await Deno.writeFile(project.join("content.torrent"), torrent.torrentBytes);

  const outcome = await deno(project, ["run", "-A", "program.ts", "content.torrent", "output"]);
  assertEquals(outcome, { code: 0, stdout: "300000\n", stderr: "" });
  assertEquals(await Deno.readFile(project.join("output", "content.bin")), torrent.content);
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
