/** Downloads by way of trackers over HTTP: what they are told, and what their peers come to. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { formatAddress } from "../../lib/base/address.ts";
import { GaveUpError } from "../../lib/base/errors.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import { storePieces } from "../storage/fixture.ts";
import { HttpTracker } from "../support/http_tracker.ts";
import { startSeeder } from "../support/seeder.ts";
import {
  deadAddress,
  downloadWhole,
  eventsOf,
  fateOf,
  KIB,
  runDownload,
  waitingFor,
} from "../support/swarm.ts";
import { makeTorrent, type TorrentFixture } from "../support/torrent_fixture.ts";

const timeoutMs = 10_000;
const TOTAL = 8 * 32 * KIB;

function torrentOf(
  tiers: readonly HttpTracker[][],
  options: { isPrivate?: true } = {},
): TorrentFixture {
  const trackers = tiers.map((tier) => tier.map(({ url }) => url));
  return makeTorrent({ files: TOTAL, pieceLength: 32 * KIB, trackers, ...options });
}

Deno.test("download() tells a tracker when it starts, is complete, and stops", async () => {
  await using tracker = new HttpTracker();
  const fixture = torrentOf([[tracker]]);
  await using seeder = await startSeeder(fixture);
  tracker.peers = [seeder.address];
  const run = await downloadWhole(fixture, { timeoutMs });
  const { port } = eventsOf(run, "listening")[0] ?? {};
  assert(port !== undefined && port >= 49_152);
  const told = { port, uploaded: 0, downloaded: TOTAL, left: 0, numwant: 0 };
  assertEquals(tracker.announces.map(({ numwant, ...rest }) => ({ ...rest, wants: numwant > 0 })), [
    { event: "started", port, uploaded: 0, downloaded: 0, left: TOTAL, wants: true },
    { event: "completed", port, uploaded: 0, downloaded: TOTAL, left: 0, wants: true },
    { event: "stopped", port, uploaded: 0, downloaded: TOTAL, left: 0, wants: false },
  ]);
  assertEquals(tracker.announces.at(-1), { event: "stopped", ...told });
  assertEquals(eventsOf(run, "tracker")[0]?.peers, 1);
});

Deno.test("download() tells a tracker what is left after an earlier run, and of an end before its time", async () => {
  await using tracker = new HttpTracker();
  const fixture = torrentOf([[tracker]]);
  const store = new MemoryStore(fixture.metainfo);
  await storePieces(store, fixture, [0]);
  const controller = new AbortController();
  const running = runDownload(fixture, { store, signal: controller.signal });
  await tracker.until(1);
  controller.abort(new Error("enough"));
  assertEquals(`${(await running).error}`, "Error: enough");
  const left = TOTAL - 32 * KIB;
  assertEquals(tracker.announces[0]?.left, left);
  // It may not have heard the answer to its start: then it owes no goodbye.
  assert(["started", "started stopped"].includes(tracker.events.join(" ")), `${tracker.events}`);
});

Deno.test("download() has no business with trackers when everything is there", async () => {
  await using tracker = new HttpTracker();
  const fixture = torrentOf([[tracker]]);
  const store = new MemoryStore(fixture.metainfo);
  await storePieces(store, fixture);
  await downloadWhole(fixture, {}, store);
  assertEquals(tracker.events, []);
});

Deno.test("download() asks all tiers of a public torrent and merges their peers", async () => {
  await using one = new HttpTracker();
  await using two = new HttpTracker();
  const fixture = torrentOf([[one], [two]]);
  await using even = await startSeeder({ ...fixture, pieces: [0, 2, 4, 6] });
  await using odd = await startSeeder({ ...fixture, pieces: [1, 3, 5, 7] });
  one.peers = [even.address, deadAddress()];
  two.peers = [odd.address, even.address];
  await downloadWhole(fixture, { timeoutMs });
  assertEquals([even.counters.connections, odd.counters.connections], [1, 1]);
  for (const { events } of [one, two]) assertEquals(events, ["started", "completed", "stopped"]);
});

Deno.test("download() asks one tracker of a private torrent, the next only when that fails", async () => {
  await using broken = new HttpTracker({ answer: () => new Response("no", { status: 500 }) });
  await using good = new HttpTracker();
  await using spare = new HttpTracker();
  const fixture = torrentOf([[broken], [good], [spare]], { isPrivate: true });
  await using seeder = await startSeeder(fixture);
  good.peers = [seeder.address];
  const run = await downloadWhole(fixture, { timeoutMs });
  assertEquals(broken.events, ["started"]);
  assertEquals(good.events, ["started", "completed", "stopped"]);
  assertEquals(spare.events, []);
  const [failed] = eventsOf(run, "tracker");
  assertEquals([failed?.url, failed?.status], [broken.url, "failed"]);
});

Deno.test("download() meets itself once when a tracker names us, and does not loop", async () => {
  const met = Promise.withResolvers<void>();
  let own = "";
  await using tracker = new HttpTracker();
  const fixture = torrentOf([[tracker]]);
  await using seeder = await startSeeder({ ...fixture, behaviour: waitingFor(met.promise) });
  const run = await downloadWhole(fixture, {
    timeoutMs,
    onEvent: (event) => {
      if (event.kind === "listening") {
        const self = { host: "127.0.0.1", port: event.port };
        own = formatAddress(self);
        tracker.peers = [self, seeder.address];
      }
      if (event.kind === "peer" && event.address === own) met.resolve();
    },
  });
  const fates = eventsOf(run, "peer").filter(({ address }) => address === own);
  assertEquals(fates.map(({ message }) => message), ["Peer is ourselves"]);
  assertEquals(fateOf(run, seeder), ["connected", "closed: The download has ended"]);
});

Deno.test("download() gives up at once without trackers when nobody can be reached", async () => {
  const fixture = makeTorrent({ files: 1000, pieceLength: 16 * KIB });
  const peers = [deadAddress(), deadAddress()];
  const run = await runDownload(fixture, { peers });
  assertInstanceOf(run.error, GaveUpError);
  assertEquals(eventsOf(run, "peer").map(({ status }) => status), ["failed", "failed"]);
  assertInstanceOf((await runDownload(fixture, {})).error, GaveUpError);
});

Deno.test("download() gives up when nothing new arrives in the time allowed", async () => {
  await using tracker = new HttpTracker();
  const run = await runDownload(torrentOf([[tracker]]), { timeoutMs: 1 });
  assertInstanceOf(run.error, GaveUpError);
  assertEquals(run.error.message, "Nothing new arrived for 0.001 s");
});
