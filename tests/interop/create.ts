/**
 * Torrents that our program creates, as others see them: mktorrent gives the same info hash for the same
 * choices, libtorrent, transmission and aria2 load them, and what is created can be downloaded.
 * Run by name: `deno test -A tests/interop/create.ts`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { showTheirs } from "./support/libtorrent_show.ts";
import { freePort, TemporaryFolder } from "./support/loopback.ts";
import { announceUrl, OpenTracker } from "./support/opentracker.ts";
import { type Outcome, run } from "./support/process.ts";
import { startLibtorrent } from "./support/seeders.ts";
import { type MadeTorrent, makeTorrent, type TorrentToMake } from "./support/torrents.ts";
import { assertDownloaded, runWestorrent } from "./support/westorrent.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const TRACKERS = ["http://127.0.0.1:9/announce,udp://127.0.0.2:9", "https://127.0.0.3:9/announce"];

type Content = Pick<TorrentToMake, "name" | "content">;

const SINGLE: Content = { name: "Übung 日本 😀.bin", content: 3 * MIB + 17 };
/** Names that JavaScript, C and a walk through folders put into different orders. */
const FOLDER: Content = {
  name: "a folder",
  content: [
    "a/b",
    "a b/x",
    "a-b/x",
    "a.b/x",
    "a0",
    "B",
    ".hidden",
    "～",
    "😀/ｚ",
    "é/empty",
    "z/deep/er/last.bin",
  ].map((path, index) => ({ path: path.split("/"), lengthBytes: index * 70_001 % 500_000 })),
};

/** What is chosen, in our words and in mktorrent's. */
const CHOICES: readonly (readonly [string, Content, readonly string[], readonly string[]])[] = [
  ["a single file", SINGLE, ["--piece-length", "256K"], ["-l", "18"]],
  ["a folder", FOLDER, ["--piece-length", "32K"], ["-l", "15"]],
  ["long pieces", FOLDER, ["--piece-length", "256M"], ["-l", "28"]],
  ["a private file", SINGLE, ["--piece-length", "1M", "--private"], ["-l", "20", "-p"]],
  ["a source", FOLDER, ["--piece-length", "64K", "--source", "ÜS 1"], ["-l", "16", "-s", "ÜS 1"]],
  [
    "everything at once",
    FOLDER,
    ["--piece-length", "64K", "--private", "--source", "S", "--name", "other", "--comment", "né"],
    ["-l", "16", "-p", "-s", "S", "-n", "other", "-c", "né"],
  ],
];

for (const [words, content, ours, theirs] of CHOICES) {
  Deno.test(`create gives the info hash that mktorrent gives: ${words}`, async () => {
    await using folder = await TemporaryFolder.make();
    const { contentFolder } = await writeContent(folder, content);
    const path = `${contentFolder}/${content.name}`;
    const [made, expected] = [folder.join("ours.torrent"), folder.join("theirs.torrent")];
    const trackers = TRACKERS.flatMap((tier) => ["--tracker", tier]);
    const webSeed = ["--web-seed", "http://127.0.0.1:9/files/"];
    const infoHash = await create(path, ["-o", made, ...trackers, ...webSeed, ...ours]);
    runWell(
      await run({
        command: "mktorrent",
        args: ["-d", ...TRACKERS.flatMap((tier) => ["-a", tier]), ...theirs, "-o", expected, path],
        debianPackage: "mktorrent",
      }),
    );
    assertEquals(infoHash, (await showTheirs(expected)).infoHash);
    await assertLoads(made, infoHash);
  });
}

Deno.test("create makes what libtorrent seeds, download fetches and verify passes", async () => {
  for (const content of [SINGLE, FOLDER]) {
    await using folder = await TemporaryFolder.make();
    const port = await freePort();
    const torrent = await writeContent(folder, content);
    const made = folder.join("ours.torrent");
    const path = `${torrent.contentFolder}/${content.name}`;
    const infoHash = await create(path, ["-o", made, "--tracker", announceUrl("http", port)]);
    await using tracker = await OpenTracker.start(port, [infoHash]);
    await using _seeder = await startLibtorrent({ ...torrent, torrentPath: made });
    await tracker.untilSeeded(infoHash);
    const output = await folder.folder("output");
    runWell(await runWestorrent([made, "-o", output, "--timeout", "30"]));
    await assertDownloaded(output, torrent);
    runWell(await runWestorrent(["verify", made, torrent.contentFolder]));
  }
});

/** Writes the content; the torrent that comes with it is none of ours. */
function writeContent(folder: TemporaryFolder, content: Content): Promise<MadeTorrent> {
  return makeTorrent(folder.path, { ...content, pieceLengthBytes: MIB, announce: "http://h/" });
}

/** The info hash of what was made. */
async function create(path: string, args: readonly string[]): Promise<string> {
  const outcome = runWell(await runWestorrent(["create", path, "--json", ...args]));
  return JSON.parse(outcome.stdout).infoHash;
}

/** Whether every client takes it, with that info hash, and sees in it what we do. */
async function assertLoads(path: string, infoHash: string): Promise<void> {
  const shown = JSON.parse((runWell(await runWestorrent(["show", "--json", path]))).stdout);
  const theirs = await showTheirs(path);
  for (const key of ["infoHash", "files", "trackers", "webSeeds", "comment", "private"] as const) {
    assertEquals(theirs[key], shown[key] ?? "", key);
  }
  const [transmission, aria2] = await Promise.all([
    run({ command: "transmission-show", args: [path], debianPackage: "transmission-cli" }),
    run({ command: "aria2c", args: ["-S", path], debianPackage: "aria2" }),
  ]);
  assert((runWell(transmission)).stdout.includes(`Hash: ${infoHash}`), transmission.stdout);
  assert((runWell(aria2)).stdout.includes(`Info Hash: ${infoHash}`), aria2.stdout);
}

function runWell(outcome: Outcome): Outcome {
  assertEquals(outcome.code, 0, outcome.stderr);
  return outcome;
}
