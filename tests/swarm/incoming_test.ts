/** Peers that dial us: served like those we dial, and no danger either. */
import { assert, assertEquals } from "@std/assert";
import type { PeerAddress } from "../../lib/base/address.ts";
import { type Behaviour, type Seeder, startSeeder } from "../support/seeder.ts";
import {
  assertComplete,
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

const fixture = makeTorrent({ files: 20 * 64 * KIB + 16 * KIB, pieceLength: 64 * KIB });
const timeoutMs = 10_000;
/** How many connections without a handshake are kept. */
const MAX_UNGREETED = 64;

/** A peer to be dialled that keeps the download waiting, for as long as the others should dial us. */
function startHolder(ready: Promise<unknown> = new Promise(() => {})): Promise<Seeder> {
  return startSeeder({ ...fixture, behaviour: waitingFor(ready) });
}

/** Calls `dial` with our own address as soon as there is one. */
function onListening(dial: (address: PeerAddress) => void) {
  return (event: { readonly kind: string; readonly port?: number }) => {
    if (event.kind === "listening") dial({ host: "127.0.0.1", port: event.port ?? 0 });
  };
}

Deno.test("download() gets everything from a peer that dials us", async () => {
  await using holder = await startHolder();
  await using seeder = await startSeeder(fixture);
  const onEvent = onListening((address) => seeder.dial(address));
  await downloadWhole(fixture, { from: [holder], timeoutMs, onEvent });
  assertEquals(seeder.errors, []);
  assertEquals(seeder.counters.servedBytes, fixture.content.length);
});

const CLOSED: readonly (readonly [string, readonly [Behaviour, RegExp]])[] = [
  ["lies", [villains.lying(), /^Peer sent corrupt blocks$/]],
  ["announces 2 GiB", [villains.oversize(), /announces 2147483647 bytes/]],
  ["sends short blocks", [villains.shortBlocks(), /^Block of 8192 bytes is not/]],
  ["speaks another torrent", [villains.wrongHash(), /^Peer speaks another torrent/]],
  ["speaks no protocol", [villains.garbage(), /^Cannot agree on encryption/]],
  ["sends a wrong bitfield", [villains.badBitfield("spare"), /^Cannot accept bitfield/]],
  ["has a piece that there is not", [villains.outOfRangeHave(), /does not exist$/]],
];

Deno.test("download() closes, and then does without, a peer that dials us and", async (t) => {
  await concurrently(t, CLOSED, async ([behaviour, reason]) => {
    const gone = Promise.withResolvers<void>();
    await using honest = await startHolder(gone.promise);
    await using villain = await startSeeder({ ...fixture, behaviour });
    const dial = onListening((address) => villain.dial(address));
    const run = await downloadWhole(fixture, {
      from: [honest],
      timeoutMs,
      onEvent: (event) => {
        dial(event);
        if (event.kind === "peer" && reason.test(event.message ?? "")) gone.resolve();
      },
    });
    assertEquals(fateOf(run, honest), ["connected", "closed: The download has ended"]);
    assertEquals(honest.errors, []);
  });
});

Deno.test("download() keeps one of two connections of the same peer", async () => {
  const refused = Promise.withResolvers<void>();
  await using seeder = await startSeeder({ ...fixture, behaviour: waitingFor(refused.promise) });
  let port = 0;
  const run = await downloadWhole(fixture, {
    from: [seeder],
    timeoutMs,
    onEvent: (event) => {
      if (event.kind === "listening") port = event.port;
      if (event.kind !== "peer") return;
      if (event.status === "connected") seeder.dial({ host: "127.0.0.1", port });
      if (event.message === "Peer is connected already") refused.resolve();
    },
  });
  assertEquals(eventsOf(run, "peer").filter(({ status }) => status === "connected").length, 1);
  assertEquals(seeder.counters.servedBytes, fixture.content.length);
});

Deno.test("download() dials an address once when two addresses are one peer", async () => {
  await using seeder = await startSeeder({ ...fixture, bytesPerSecond: 8_000_000 });
  await using twin = await startSeeder({ ...fixture, peerId: seeder.peerId });
  const run = await downloadWhole(fixture, { from: [seeder, twin], timeoutMs });
  const fates = [fateOf(run, seeder), fateOf(run, twin)].toSorted((a, b) => a.length - b.length);
  assertEquals(fates, [
    ["failed: Peer is connected already"],
    ["connected", "closed: The download has ended"],
  ]);
  assertEquals(seeder.counters.connections + twin.counters.connections, 2);
});

Deno.test("download() lets peers in beside 200 connections that say nothing", async () => {
  const sockets: Deno.TcpConn[] = [];
  await using holder = await startHolder();
  await using seeder = await startSeeder(fixture);
  const crowd = async ({ host: hostname, port }: PeerAddress) => {
    for (let n = 0; n < 200; n++) sockets.push(await Deno.connect({ hostname, port }));
    // The oldest make room for newer ones.
    await Promise.all(sockets.slice(0, 200 - MAX_UNGREETED).map(untilClosed));
    await seeder.dial({ host: hostname, port });
  };
  try {
    let crowding = Promise.resolve();
    const onEvent = onListening((address) => crowding = crowd(address));
    await downloadWhole(fixture, { from: [holder], timeoutMs, onEvent });
    await crowding;
    assertEquals(seeder.counters.servedBytes, fixture.content.length);
  } finally {
    for (const socket of sockets) socket.close();
  }
});

Deno.test("download() with --max-peers 1 keeps to one peer", async () => {
  await using one = await startSeeder(fixture);
  await using two = await startSeeder(fixture);
  const run = await runDownload(fixture, { from: [one, two], maxPeers: 1, timeoutMs });
  assertComplete(run);
  const connected = eventsOf(run, "peer").filter(({ status }) => status === "connected");
  assertEquals(connected.length, 1);
  const served = [one.counters.servedBytes, two.counters.servedBytes].toSorted((a, b) => a - b);
  assert(served[0] === 0 && served[1] === fixture.content.length, `${served}`);
});

async function untilClosed(socket: Deno.TcpConn): Promise<void> {
  // Closed with or without a reset: closed.
  while (await socket.read(new Uint8Array(100)).catch(() => null) !== null);
}

Deno.test("download() that does not listen says so to nobody, and dials all the same", async () => {
  await using seeder = await startSeeder(fixture);
  const run = await downloadWhole(fixture, { from: [seeder], timeoutMs, listens: false });
  assertEquals(eventsOf(run, "listening"), []);
});
