/**
 * Downloads by our program from other people's clients, found through opentracker alone: every client,
 * over HTTP and UDP, one file and many. Run by name: `deno test -A tests/interop/download.ts`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { freePort, TemporaryFolder } from "./support/loopback.ts";
import { announceUrl, OpenTracker, type TrackerScheme } from "./support/opentracker.ts";
import { SEEDING_CLIENTS, type SeedingClient } from "./support/seeders.ts";
import { makeTorrent, type TorrentToMake } from "./support/torrents.ts";
import { assertDownloaded, runWestorrent } from "./support/westorrent.ts";

const MIB = 1024 * 1024;

/** What is downloaded; the words go into the name of the test. */
const CONTENTS: Readonly<Record<string, Omit<TorrentToMake, "announce">>> = {
  "a single file of 16 MiB": {
    name: "single.bin",
    content: 16 * MIB,
    pieceLengthBytes: 256 * 1024,
  },
  "a folder with odd names, an empty file and a piece over many files": {
    name: "Ordner für 日本",
    pieceLengthBytes: 128 * 1024,
    content: [
      { path: ["a first.bin"], lengthBytes: 300_001 },
      { path: ["empty"], lengthBytes: 0 },
      { path: ["файлы", "один.txt"], lengthBytes: 1 },
      { path: ["файлы", "два.txt"], lengthBytes: 1_000 },
      { path: ["файлы", "глубже", "три.txt"], lengthBytes: 5_000 },
      { path: ["😀.txt"], lengthBytes: 20_000 },
      { path: ["z last.bin"], lengthBytes: 3 * MIB + 17 },
    ],
  },
};

for (const client of SEEDING_CLIENTS) {
  for (const scheme of ["http", "udp"] as const) {
    for (const [words, content] of Object.entries(CONTENTS)) {
      Deno.test(`download() fetches ${words} from ${client.name} by a tracker over ${scheme}`, () =>
        downloadFrom(client, scheme, content));
    }
  }
}

async function downloadFrom(
  client: SeedingClient,
  scheme: TrackerScheme,
  content: Omit<TorrentToMake, "announce">,
): Promise<void> {
  await using folder = await TemporaryFolder.make();
  const port = await freePort();
  const announce = announceUrl(scheme, port);
  const torrent = await makeTorrent(folder.path, { ...content, announce });
  const output = await folder.folder("output");
  await using tracker = await OpenTracker.start(port, [torrent.infoHash]);
  await using _seeder = await client.start(torrent);
  await tracker.untilSeeded(torrent.infoHash);
  const outcome = await runWestorrent([torrent.torrentPath, "-o", output, "--timeout", "30"]);
  assertEquals(outcome.code, 0, outcome.stderr);
  await assertDownloaded(output, torrent);
}
