/** Encrypted connections, dialled and accepted, as each side will have it. */
import { assert, assertEquals } from "@std/assert";
import type { PeerAddress } from "../../lib/base/address.ts";
import type { Encryption } from "../../lib/peers/encryption.ts";
import { HANDSHAKE_PREFIX_LENGTH } from "../../lib/peers/handshake.ts";
import { type Behaviour, startSeeder } from "../support/seeder.ts";
import {
  concurrently,
  downloadWhole,
  fateOf,
  KIB,
  runDownload,
  waitingFor,
} from "../support/swarm.ts";
import { makeTorrent, randomBytes } from "../support/torrent_fixture.ts";

const fixture = makeTorrent({ files: 20 * 64 * KIB + 5, pieceLength: 64 * KIB });
const timeoutMs = 10_000;

/** Calls `dial` with our own address as soon as there is one. */
function onListening(dial: (address: PeerAddress) => void) {
  return (event: { readonly kind: string; readonly port?: number }) => {
    if (event.kind === "listening") dial({ host: "127.0.0.1", port: event.port ?? 0 });
  };
}

/** Ours, the seeder's, and how often we dial it. */
type Row = readonly [Encryption, Encryption, number];

const DIALLED: readonly (readonly [string, Row])[] = [
  ["off", ["allow", "off", 1]],
  ["allowed", ["allow", "allow", 1]],
  ["required, after a plain try", ["allow", "require", 2]],
  ["allowed, where we require it", ["require", "allow", 1]],
  ["required, where we require it", ["require", "require", 1]],
  ["off, where it is off here", ["off", "off", 1]],
  ["allowed, where it is off here", ["off", "allow", 1]],
];

Deno.test("download() dials a seeder where encryption is", async (t) => {
  await concurrently(t, DIALLED, async ([ours, theirs, connections]) => {
    await using seeder = await startSeeder({ ...fixture, encryption: theirs });
    await downloadWhole(fixture, { from: [seeder], encryption: ours, timeoutMs });
    assertEquals(seeder.counters.connections, connections);
  });
});

const ACCEPTED: readonly (readonly [string, Row])[] = [
  ["off", ["allow", "off", 1]],
  ["required", ["allow", "require", 1]],
  ["required, where we require it", ["require", "require", 1]],
  ["off, where it is off here", ["off", "off", 1]],
];

Deno.test("download() is dialled by a seeder where encryption is", async (t) => {
  await concurrently(t, ACCEPTED, async ([ours, theirs]) => {
    const holding = { behaviour: waitingFor(new Promise(() => {})), encryption: ours };
    await using holder = await startSeeder({ ...fixture, ...holding });
    await using seeder = await startSeeder({ ...fixture, encryption: theirs });
    const onEvent = onListening((address) => seeder.dial(address));
    await downloadWhole(fixture, { from: [holder], encryption: ours, timeoutMs, onEvent });
    assertEquals(seeder.counters.servedBytes, fixture.content.length);
  });
});

Deno.test("download() has nothing to do with a seeder where encryption is", async (t) => {
  const rows: readonly (readonly [string, readonly [Encryption, Encryption, string]])[] = [
    ["off, where we require it", ["require", "off", "Peer closed before its handshake"]],
    ["required, where it is off here", ["off", "require", "Peer closed before its handshake"]],
  ];
  await concurrently(t, rows, async ([ours, theirs, reason]) => {
    await using seeder = await startSeeder({ ...fixture, encryption: theirs });
    const run = await runDownload(fixture, { from: [seeder], encryption: ours, timeoutMs });
    assertEquals(fateOf(run, seeder), [`failed: ${reason}`]);
    assertEquals(seeder.counters.connections, 1);
  });
});

Deno.test("download() closes a peer that dials us and", async (t) => {
  const plainly: Encryption = "off";
  const rows: readonly (readonly [string, readonly [Encryption, Encryption, RegExp]])[] = [
    ["does not encrypt, where we require it", ["require", plainly, /^Peer does not encrypt$/]],
    ["encrypts, where it is off here", ["off", "require", /^Cannot decode handshake/]],
  ];
  await concurrently(t, rows, async ([ours, theirs, reason]) => {
    const closed = Promise.withResolvers<void>();
    const behaviour = waitingFor(closed.promise);
    await using holder = await startSeeder({ ...fixture, behaviour, encryption: ours });
    await using seeder = await startSeeder({ ...fixture, encryption: theirs });
    const dial = onListening((address) => seeder.dial(address));
    await downloadWhole(fixture, {
      from: [holder],
      encryption: ours,
      timeoutMs,
      onEvent: (event) => {
        dial(event);
        if (event.kind === "peer" && reason.test(event.message ?? "")) closed.resolve();
      },
    });
    assertEquals(seeder.counters.servedBytes, 0);
  });
});

Deno.test("download() closes a connection of a megabyte of random bytes and goes on", async () => {
  const closed = Promise.withResolvers<void>();
  await using holder = await startSeeder({ ...fixture, behaviour: waitingFor(closed.promise) });
  const bytes = randomBytes(KIB * KIB, 1);
  const flood: Behaviour = {
    async converse(peer) {
      try {
        await peer.write(bytes);
        await peer.drain();
      } catch {
        // Closed before all of it was written: that is what is wanted.
      }
      closed.resolve();
    },
  };
  await using villain = await startSeeder({ ...fixture, behaviour: flood });
  const onEvent = onListening((address) => villain.dial(address));
  const run = await downloadWhole(fixture, { from: [holder], timeoutMs, onEvent });
  const messages = run.events.map((event) => event.kind === "peer" ? event.message ?? "" : "");
  const ends = messages.filter((message) => message.startsWith("Cannot agree on encryption"));
  assertEquals(ends.length, 1, messages.join("\n"));
});

Deno.test("download() takes what begins like a plain handshake for one", async () => {
  const closed = Promise.withResolvers<void>();
  await using holder = await startSeeder({ ...fixture, behaviour: waitingFor(closed.promise) });
  const truncated: Behaviour = {
    async converse(peer) {
      for (const byte of peer.handshakeBytes().subarray(0, HANDSHAKE_PREFIX_LENGTH + 1)) {
        await peer.write(Uint8Array.of(byte));
      }
      await peer.connection.closeWrite();
      await peer.drain();
      closed.resolve();
    },
  };
  await using villain = await startSeeder({ ...fixture, behaviour: truncated });
  const onEvent = onListening((address) => villain.dial(address));
  const run = await downloadWhole(fixture, { from: [holder], timeoutMs, onEvent });
  const messages = run.events.map((event) => event.kind === "peer" ? event.message : undefined);
  assert(messages.includes("Peer closed before its handshake"));
});
