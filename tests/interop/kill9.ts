/**
 * Killed with -9 again and again, our program still gets on and ends with identical files.
 * Run by name: `deno test -A tests/interop/kill9.ts`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "../../lib/base/async.ts";
import { freePort, LOOPBACK, TemporaryFolder } from "./support/loopback.ts";
import { Relay } from "./support/relay.ts";
import { startLibtorrent } from "./support/seeders.ts";
import { makeTorrent } from "./support/torrents.ts";
import { assertDownloaded, runWestorrent, startWestorrent } from "./support/westorrent.ts";

const MIB = 1024 * 1024;
const SIZE_BYTES = 64 * MIB;
const BLOCK_BYTES = 16 * 1024;
/** Slow enough that all kills together leave something to do. */
const BYTES_PER_SECOND = 8 * MIB;
/** When to kill, in milliseconds after the first block of each run. */
const KILL_DELAYS_MS = [300, 1000, 400, 900, 500, 800, 600, 700];
/** What may be received in all, in sizes of the content: a kill loses what is in flight. */
const MAX_RECEIVED_RATIO = 1.2;

Deno.test("download() gets on although it is killed with -9 again and again", async () => {
  await using folder = await TemporaryFolder.make();
  const torrent = await makeTorrent(folder.path, {
    name: "content.bin",
    content: SIZE_BYTES,
    pieceLengthBytes: MIB,
    announce: `http://${LOOPBACK}:${await freePort()}/announce`,
  });
  const port = await freePort();
  await using _seeder = await startLibtorrent({ ...torrent, port, announces: "never" });
  await using relay = new Relay({ targetPort: port, bytesPerSecond: BYTES_PER_SECOND });
  const output = await folder.folder("output");
  const args = [torrent.torrentPath, "-o", output, "--json", "--timeout", "30"];
  args.push("--peer", `${LOOPBACK}:${relay.port}`);

  const found: number[] = [];
  for (const delayMs of KILL_DELAYS_MS) {
    await using running = startWestorrent(args);
    await Promise.race([relay.untilDelivered(BLOCK_BYTES), running.ended]);
    await delay(delayMs);
    const { stdout } = await running.kill();
    found.push(readFoundBytes(stdout));
    // What is still under way to the dead one must not pass for the first block of the next.
    await relay.untilFree();
  }
  const last = await runWestorrent(args);
  assertEquals(last.code, 0, last.stderr);
  found.push(readFoundBytes(last.stdout));

  await assertDownloaded(output, torrent);
  const grown = found.filter((bytes, run) => run > 0 && bytes > (found[run - 1] ?? 0)).length;
  assert(grown >= KILL_DELAYS_MS.length - 1, `progress did not grow: found ${found.join(", ")}`);
  const ratio = relay.deliveredBytes / SIZE_BYTES;
  assert(ratio <= MAX_RECEIVED_RATIO, `received ${ratio.toFixed(2)} times the content`);
});

/** What this run found verified on disk when it started, in bytes. */
function readFoundBytes(stdout: string): number {
  const line = stdout.split("\n").find((text) => text.includes('"kind":"checked"'));
  assert(line !== undefined, `no check is reported in: ${stdout.slice(0, 500)}`);
  const event: { readonly haveBytes: number } = JSON.parse(line);
  return event.haveBytes;
}
