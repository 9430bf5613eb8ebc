/** Downloads under limits. How exact they are is measured with a clock of their own: tests/peers/throttle_test.ts. */
import { assert, assertRejects } from "@std/assert";
import { download, type DownloadOptions } from "../../lib/download.ts";
import { seed } from "../../lib/seed.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import { startSeeder } from "../support/seeder.ts";
import { concurrently, downloadWhole, KIB, type RunOptions } from "../support/swarm.ts";
import { makeTorrent } from "../support/torrent_fixture.ts";

const fixture = makeTorrent({ files: 10 * 64 * KIB + 5, pieceLength: 64 * KIB });
const timeoutMs = 10_000;

Deno.test("download() is whole under limits", async (t) => {
  const rows: readonly (readonly [string, RunOptions])[] = [
    ["down", { limits: { down: 4096 * KIB } }],
    ["up", { limits: { up: 2 * KIB } }],
    ["both, encrypted", { limits: { down: 4096 * KIB, up: 4 * KIB }, encryption: "require" }],
  ];
  await concurrently(t, rows, async (options) => {
    await using one = await startSeeder({ ...fixture, encryption: "allow" });
    await using other = await startSeeder({ ...fixture, encryption: "allow" });
    await downloadWhole(fixture, { from: [one, other], timeoutMs, ...options });
  });
});

Deno.test("download() keeps few requests waiting under a limit", async () => {
  await using seeder = await startSeeder(fixture);
  await downloadWhole(fixture, { from: [seeder], timeoutMs, limits: { down: 1024 * KIB } });
  // A tenth of a second's worth, and what is read in the time that the first answer takes.
  assert(seeder.counters.maxQueue <= 20, `${seeder.counters.maxQueue}`);
});

Deno.test("download() and seed() refuse numbers that would let nothing pass", async () => {
  const rows: readonly Partial<DownloadOptions>[] = [
    { limits: { down: 0 } },
    { limits: { up: NaN } },
    { limits: { up: Infinity } },
    { maxPeers: 0 },
    { maxPeers: 1.5 },
  ];
  for (const row of rows) {
    const options = { directory: "", store: new MemoryStore(fixture.metainfo), ...row };
    for (const start of [download, seed]) {
      await assertRejects(() => start(fixture.metainfo, options).next(), RangeError, "Cannot ");
    }
  }
});
