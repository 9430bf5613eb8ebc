/**
 * A limit, as whoever stands on the line sees it: over ten seconds, and in each of them.
 * Run by name: `deno test -A tests/interop/limits.ts`.
 *
 * @module
 */
import { assert } from "@std/assert";
import { delay } from "../../lib/base/async.ts";
import { freePort, LOOPBACK, TemporaryFolder } from "./support/loopback.ts";
import { Relay } from "./support/relay.ts";
import { startLibtorrent } from "./support/seeders.ts";
import { makeTorrent } from "./support/torrents.ts";
import { startWestorrent } from "./support/westorrent.ts";

const MIB = 1024 * 1024;
const SECONDS = 10;
/** What comes before the rate counts, in bytes: what is asked for at once. */
const START_BYTES = MIB / 4;
/** How far the rate over all seconds may be off, and any one second above it. */
const TOLERANCE = 0.05;
const MAX_EXCESS = 0.2;

for (const seeders of [1, 4]) {
  Deno.test(`--down-limit 1M keeps to a mebibyte a second from ${seeders} libtorrent`, async () => {
    await using folder = await TemporaryFolder.make();
    const torrent = await makeTorrent(folder.path, {
      name: "content.bin",
      content: 2 * SECONDS * MIB,
      pieceLengthBytes: 256 * 1024,
      announce: `http://${LOOPBACK}:${await freePort()}/announce`,
    });
    await using stack = new AsyncDisposableStack();
    const line = new Line();
    const peers: string[] = [];
    for (let count = 0; count < seeders; count++) {
      const port = await freePort();
      stack.use(await startLibtorrent({ ...torrent, port, announces: "never" }));
      const onBytes = (bytes: Uint8Array) => line.count(bytes.length);
      const relay = stack.use(new Relay({ targetPort: port, onBytes }));
      peers.push("--peer", `${LOOPBACK}:${relay.port}`);
    }
    const output = await folder.folder("output");
    await using running = startWestorrent([
      ...[torrent.torrentPath, "-o", output, "--down-limit", "1M"],
      ...peers,
    ]);
    await Promise.race([line.started, running.ended]);
    const seconds: number[] = [];
    for (let second = 0; second < SECONDS; second++) {
      await delay(line.startMs + (second + 1) * 1000 - performance.now());
      seconds.push(line.takeBytes() / MIB);
    }
    const shown = seconds.map((rate) => rate.toFixed(3)).join(", ");
    const mean = seconds.reduce((sum, rate) => sum + rate, 0) / SECONDS;
    assert(Math.abs(mean - 1) <= TOLERANCE, `${mean.toFixed(3)} MiB/s: ${shown}`);
    assert(Math.max(...seconds) <= 1 + MAX_EXCESS, shown);
  });
}

/** Counts what passes in both directions, from the first content on. */
class Line {
  readonly started: Promise<void>;
  startMs = 0;
  #bytes = 0;
  readonly #start = Promise.withResolvers<void>();

  constructor() {
    this.started = this.#start.promise;
  }

  count(lengthBytes: number): void {
    this.#bytes += lengthBytes;
    if (this.startMs !== 0 || this.#bytes < START_BYTES) return;
    this.startMs = performance.now();
    this.#bytes = 0;
    this.#start.resolve();
  }

  /** What has passed since the last call, in bytes. */
  takeBytes(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }
}
