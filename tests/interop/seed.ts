/**
 * Downloads by other people's clients from our `seed`, found through opentracker alone; and a swarm of
 * all of them together. Run by name: `deno test -A tests/interop/seed.ts`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { LEECHING_CLIENTS, type LeechOptions } from "./support/leechers.ts";
import { freePort, TemporaryFolder } from "./support/loopback.ts";
import { announceUrl, OpenTracker } from "./support/opentracker.ts";
import { run } from "./support/process.ts";
import { type MadeTorrent, makeTorrent } from "./support/torrents.ts";
import {
  assertDownloaded,
  MAIN_PATH,
  runWestorrent,
  startWestorrent,
} from "./support/westorrent.ts";

const MIB = 1024 * 1024;

const CONTENT = {
  name: "Ordner für 日本",
  pieceLengthBytes: 128 * 1024,
  content: [
    { path: ["a first.bin"], lengthBytes: 300_001 },
    { path: ["глубже", "три.txt"], lengthBytes: 5_000 },
    { path: ["z last.bin"], lengthBytes: 16 * MIB + 17 },
  ],
} as const;

/** A torrent that our program seeds, and its tracker. */
async function withSeed(
  story: (torrent: MadeTorrent, folder: TemporaryFolder) => Promise<void>,
): Promise<void> {
  await using folder = await TemporaryFolder.make();
  const port = await freePort();
  const torrent = await makeTorrent(folder.path, {
    ...CONTENT,
    announce: announceUrl("http", port),
  });
  await using tracker = await OpenTracker.start(port, [torrent.infoHash]);
  const { torrentPath, contentFolder } = torrent;
  await using _seeder = startWestorrent([
    "seed",
    torrentPath,
    contentFolder,
    "--bind",
    "127.0.0.1",
  ]);
  await tracker.untilSeeded(torrent.infoHash);
  await story(torrent, folder);
}

for (const client of LEECHING_CLIENTS) {
  Deno.test(`seed() serves ${client.name}`, () =>
    withSeed(async (torrent, folder) => {
      const output = await folder.folder("output");
      await client.download({ torrentPath: torrent.torrentPath, output, host: "127.0.0.2" });
      await assertDownloaded(output, torrent);
    }));
}

Deno.test("seed() serves two of each client and of ours at a time, who serve each other", () =>
  withSeed(async (torrent, folder) => {
    const { torrentPath } = torrent;
    const ours = {
      name: "westorrent",
      download: async ({ output, host }: LeechOptions) => {
        const args = [torrentPath, "-o", output, "--timeout", "30", "--bind", host];
        const outcome = await runWestorrent(args);
        assertEquals(outcome.code, 0, outcome.stderr);
      },
    };
    const clients = [...LEECHING_CLIENTS, ours];
    const downloads = [...clients, ...clients].map(async (client, at) => {
      const output = await folder.folder(`output-${at}`);
      // Some of them want no second connection with an address.
      await client.download({ torrentPath, output, host: `127.0.0.${10 + at}` });
      await assertDownloaded(output, torrent);
    });
    // All have ended before the folder goes.
    await Promise.allSettled(downloads);
    await Promise.all(downloads);
  }));

/**
 * In a network of its own, for Transmission dials no loopback address, and has us dial it; it ends by no
 * other means than its script.
 */
const IN_NAMESPACE = `set -e
ip link set lo up
ip addr add 10.77.0.1/24 dev lo
ip addr add 10.77.0.2/24 dev lo
printf '#!/bin/sh\\nkill $(cat %s/pid)\\n' "$PWD" > done.sh
chmod +x done.sh
"$DENO" run -A "$MAIN" seed made.torrent content --bind 10.77.0.2 --peer 10.77.0.1:51413 -q &
trap "kill $!" EXIT
mkdir config
sh -c 'echo $$ > pid
  exec transmission-cli -et -p 51413 -g config -w output -f "$PWD/done.sh" made.torrent' || true
`;

Deno.test("seed() serves transmission-cli, which it dials", async () => {
  await using folder = await TemporaryFolder.make();
  const announce = "http://10.77.0.1:9/announce";
  const torrent = await makeTorrent(folder.path, { ...CONTENT, announce });
  const output = await folder.folder("output");
  await run({
    command: "unshare",
    args: ["-n", "timeout", "60", "sh", "-c", IN_NAMESPACE],
    cwd: folder.path,
    env: { DENO: Deno.execPath(), MAIN: MAIN_PATH },
    debianPackage: "util-linux",
  });
  await assertDownloaded(output, torrent);
});
