/** Downloads beside villains: the result is whole, the villain closed for a stated reason, honest peers kept. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { GaveUpError } from "../../lib/base/errors.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import { type Behaviour, startSeeder } from "../support/seeder.ts";
import {
  concurrently,
  downloadWhole,
  eventsOf,
  fateOf,
  KIB,
  runDownload,
  waitingFor,
} from "../support/swarm.ts";
import { makeTorrent } from "../support/torrent_fixture.ts";
import * as villains from "../support/villains.ts";

/** 21 pieces, so that a bitfield has spare bits; the last one short, but every block whole. */
const fixture = makeTorrent({ files: 20 * 64 * KIB + 16 * KIB, pieceLength: 64 * KIB });

/** Ends a test that would wait for ever. */
const timeoutMs = 10_000;

const ENDED = "closed: The download has ended";

/** Those that no time limit of a short download concerns: they must not hold it up. */
const HARMLESS: readonly (readonly [string, Behaviour])[] = [
  ["says nothing", villains.silent()],
  ["answers nothing", villains.stalling(0)],
  ["stops answering", villains.stalling(100_000)],
  ["never unchokes", villains.choking()],
  ["chokes again and again", villains.flapping(3)],
  ["sends its handshake byte by byte", villains.slowLoris()],
  ["hangs up", villains.disconnecting(100_000)],
];

Deno.test("download() is whole beside a peer that", async (t) => {
  await concurrently(t, HARMLESS, async (behaviour) => {
    await using honest = await startSeeder({ ...fixture, bytesPerSecond: 4_000_000 });
    await using villain = await startSeeder({ ...fixture, behaviour });
    const run = await downloadWhole(fixture, { from: [villain, honest], timeoutMs });
    assertEquals(fateOf(run, honest), ["connected", ENDED]);
    assert(!fateOf(run, villain).includes("banned"), "banned for no lie");
    assertEquals([honest.errors, villain.errors], [[], []]);
  });
});

const ODD_HANDSHAKES: readonly (readonly [string, string])[] = [
  ["is not bencode", "d1:md"],
  ["is empty", "de"],
  ["has no m", "d4:reqqi100ee"],
  ["has ids beyond a byte", "d1:md11:lt_donthavei256e6:ut_pexi2147483648eee"],
  ["has a reqq of -1", "d4:reqqi-1ee"],
  ["has a reqq of 0", "d4:reqqi0ee"],
  ["has a reqq of 2^31", "d4:reqqi2147483648ee"],
  ["has a metadata_size of -1", "d13:metadata_sizei-1ee"],
  ["has a metadata_size of 2^31", "d13:metadata_sizei2147483648ee"],
];

Deno.test("download() gets everything from a peer whose extension handshake", async (t) => {
  await concurrently(t, ODD_HANDSHAKES, async (payload) => {
    const behaviour = villains.badExtensionHandshake(payload);
    await using seeder = await startSeeder({ ...fixture, behaviour });
    const run = await downloadWhole(fixture, { from: [seeder], timeoutMs });
    assertEquals([fateOf(run, seeder), seeder.errors], [["connected", ENDED], []]);
  });
});

const CLOSED: readonly (readonly [string, readonly [Behaviour, ...string[]]])[] = [
  ["lies always", [
    villains.lying(),
    "connected",
    "banned",
    "closed: Peer sent corrupt blocks",
  ]],
  ["announces a message of 2 GiB", [
    villains.oversize(),
    "connected",
    "closed: Cannot accept message: it announces 2147483647 bytes, more than 262145",
  ]],
  ["sends half of every block", [
    villains.shortBlocks(),
    "connected",
    "closed: Block of 8192 bytes is not what was requested",
  ]],
  ["sends blocks without a byte", [
    villains.emptyBlocks(),
    "connected",
    "closed: Cannot accept message: piece has 9 bytes, not 10 to 16393",
  ]],
  ["sends blocks a byte too long", [
    villains.longBlocks(),
    "connected",
    "closed: Cannot accept message: piece has 16394 bytes, not 10 to 16393",
  ]],
  ["sends every block twice", [
    villains.repeating(),
    "connected",
    "closed: Peer sent 16 blocks that were not requested",
  ]],
  ["speaks another torrent", [
    villains.wrongHash(),
    "failed: Peer speaks another torrent",
  ]],
  ["sends a short bitfield", [
    villains.badBitfield("short"),
    "connected",
    "closed: Cannot accept message: bitfield has 2 bytes, not 3",
  ]],
  ["sends a long bitfield", [
    villains.badBitfield("long"),
    "connected",
    "closed: Cannot accept message: bitfield has 4 bytes, not 3",
  ]],
  ["sets the spare bits", [
    villains.badBitfield("spare"),
    "connected",
    "closed: Cannot accept bitfield: bits behind the last piece are set",
  ]],
  ["answers with our own peer id", [villains.selfEcho(), "failed: Peer is ourselves"]],
  ["has a piece that there is not", [
    villains.outOfRangeHave(21),
    "connected",
    "closed: Peer has piece 21, which does not exist",
  ]],
];

Deno.test("download() closes, and then does without, a peer that", async (t) => {
  await concurrently(t, CLOSED, async ([behaviour, ...fate]) => {
    const gone = Promise.withResolvers<void>();
    await using honest = await startSeeder({ ...fixture, behaviour: waitingFor(gone.promise) });
    await using villain = await startSeeder({ ...fixture, behaviour });
    const run = await downloadWhole(fixture, {
      from: [villain, honest],
      timeoutMs,
      onEvent: (event) => {
        if (event.kind === "peer" && event.message !== undefined) gone.resolve();
      },
    });
    assertEquals(fateOf(run, villain), fate);
    assertEquals(fateOf(run, honest), ["connected", ENDED]);
    assertEquals([villain.counters.connections, honest.errors], [1, []]);
  });
});

Deno.test("download() closes a peer that sends what was not requested, and blames nobody twice", async () => {
  await using honest = await startSeeder({ ...fixture, bytesPerSecond: 4_000_000 });
  const behaviour = villains.unrequested();
  await using villain = await startSeeder({ ...fixture, behaviour });
  const run = await downloadWhole(fixture, { from: [villain, honest], timeoutMs });
  assertEquals(fateOf(run, villain), [
    "connected",
    "closed: Peer sent 16 blocks that were not requested",
  ]);
  assertEquals(fateOf(run, honest), ["connected", ENDED]);
});

Deno.test("download() closes a peer that is no peer at all", async () => {
  const gone = Promise.withResolvers<void>();
  await using honest = await startSeeder({ ...fixture, behaviour: waitingFor(gone.promise) });
  await using villain = await startSeeder({ ...fixture, behaviour: villains.garbage() });
  const onEvent = ({ kind, status }: { kind: string; status?: string }) => {
    if (kind === "peer" && status === "failed") gone.resolve();
  };
  const run = await downloadWhole(fixture, { from: [villain, honest], timeoutMs, onEvent });
  const [fate = ""] = fateOf(run, villain);
  assert(fate.startsWith("failed: Cannot decode handshake: it starts with"), fate);
});

Deno.test("download() from a liar alone never completes: the liar is banned, and it gives up", async () => {
  await using villain = await startSeeder({ ...fixture, behaviour: villains.lying() });
  const store = new MemoryStore(fixture.metainfo);
  const run = await runDownload(fixture, { from: [villain], store, timeoutMs });
  assertInstanceOf(run.error, GaveUpError);
  assertEquals(run.error.message, "Cannot complete the download: no source is left");
  assertEquals(fateOf(run, villain), ["connected", "banned", "closed: Peer sent corrupt blocks"]);
  assertEquals(eventsOf(run, "complete"), []);
  assert(store.bytes.every((byte) => byte === 0), "a lie was stored");
});

Deno.test("download() finds the one liar among those that share pieces", async (t) => {
  const rows = [1, 2, 3].map((seed) => [`lies ${seed}`, seed] as const);
  await concurrently(t, rows, async (seed) => {
    await using one = await startSeeder({ ...fixture, bytesPerSecond: 1_500_000 });
    await using two = await startSeeder({ ...fixture, bytesPerSecond: 1_500_000 });
    const behaviour = villains.lying({ probability: 0.05, seed });
    await using liar = await startSeeder({ ...fixture, behaviour, bytesPerSecond: 3_000_000 });
    const run = await downloadWhole(fixture, { from: [one, liar, two], timeoutMs });
    assertEquals(fateOf(run, one), ["connected", ENDED]);
    assertEquals(fateOf(run, two), ["connected", ENDED]);
    const wasCaught = eventsOf(run, "corrupt").length > 0;
    assertEquals(fateOf(run, liar).includes("banned"), wasCaught);
    assertEquals([one.errors, two.errors], [[], []]);
  });
});

Deno.test("download() refuses a banned peer that comes back", async () => {
  const refused = Promise.withResolvers<void>();
  await using honest = await startSeeder({ ...fixture, behaviour: waitingFor(refused.promise) });
  await using liar = await startSeeder({ ...fixture, behaviour: villains.lying() });
  let port = 0;
  const run = await downloadWhole(fixture, {
    from: [liar, honest],
    timeoutMs,
    onEvent: (event) => {
      if (event.kind === "listening") port = event.port;
      if (event.kind !== "peer") return;
      if (event.status === "banned") liar.dial({ host: "127.0.0.1", port });
      if (event.message === "Peer is banned") refused.resolve();
    },
  });
  assertEquals(fateOf(run, liar).length, 3);
  assertEquals(liar.counters.connections, 2);
  assertEquals(fateOf(run, honest), ["connected", ENDED]);
});

Deno.test("download() says why no source is left where nobody was named", async () => {
  const store = new MemoryStore(fixture.metainfo);
  const run = await runDownload(fixture, { from: [], store, timeoutMs });
  assertInstanceOf(run.error, GaveUpError);
  const why = "the torrent names no tracker, and no peer was named";
  assertEquals(run.error.message, `Cannot complete the download: no source is left: ${why}`);
});
