import { assertEquals, assertInstanceOf } from "@std/assert";
import { delay } from "../../lib/base/async.ts";
import { PeerError } from "../../lib/base/errors.ts";
import { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import type { Uploader } from "../../lib/upload/uploader.ts";
import type { Session } from "../../lib/peers/session.ts";
import { Uploads } from "../../lib/upload/uploads.ts";
import { FakePeer } from "../support/fake_peer.ts";
import { bitsOf, KIB, makeLedger, plainGeometry } from "../support/torrents.ts";

/** Three pieces of two blocks, of which the second one is missing. */
const GEOMETRY = plainGeometry(96 * KIB, 32 * KIB);

class Rig {
  readonly ledger = makeLedger(GEOMETRY, { verified: bitsOf(3, [0, 2]) });
  sentBytes = 0;
  /** That of the peer that joined last. */
  uploader: Uploader | undefined;
  /** Reads wait for it. */
  disk: Promise<void> = Promise.resolve();
  readonly uploads = new Uploads({
    ledger: this.ledger,
    read: (offset, into) => this.disk.then(() => void into.fill(offset % 251)),
    count: (lengthBytes) => this.sentBytes += lengthBytes,
    onFailure: (error) => {
      throw error;
    },
    random: () => 0,
  });

  join(offer: "fast" | "plain" = "plain"): FakePeer {
    const buffers = new ReadBuffers();
    const role = { join: (session: Session) => this.uploader = this.uploads.join(session) };
    return new FakePeer(role, { bitfieldLength: 1, nowMs: 0, buffers, hasFast: offer === "fast" });
  }
}

/** Sends what was said; gives what comes of it. */
async function hear(peer: FakePeer): Promise<string[]> {
  await peer.send();
  await delay(0);
  return peer.heard();
}

async function part(peer: FakePeer): Promise<void> {
  peer.session.wire.close(new PeerError("The test is over", "closed"));
  await peer.ended;
  peer.session.leave();
}

Deno.test("Uploader unchokes who is interested at once, and gives what it asks for, in order", async () => {
  const rig = new Rig();
  const peer = rig.join();
  peer.says.interested();
  assertEquals(await hear(peer), ["unchoke"]);
  peer.says.request(2, BLOCK_LENGTH, BLOCK_LENGTH);
  peer.says.request(0, 0, 100);
  assertEquals(await hear(peer), ["piece 2:1", "piece 0:0"]);
  assertEquals(rig.sentBytes, BLOCK_LENGTH + 100);
  await part(peer);
});

Deno.test("Uploader gives nothing for", async (t) => {
  const rows: readonly (readonly [string, readonly [number, number, number]])[] = [
    ["a piece that there is not", [3, 0, 1]],
    ["the highest of all pieces", [0xffff_ffff, 0, 1]],
    ["a piece that we lack", [1, 0, 1]],
    ["no byte at all", [0, 0, 0]],
    ["more than a block", [0, 0, BLOCK_LENGTH + 1]],
    ["what begins behind the piece", [0, 32 * KIB, 1]],
    ["what ends behind the piece", [0, 32 * KIB - 1, 2]],
    ["what wraps at 32 bits", [0, 0xffff_ffff, 1]],
    ["a length that wraps", [0, 1, 0xffff_ffff]],
  ];
  for (const [words, request] of rows) {
    await t.step(words, async () => {
      const rig = new Rig();
      const peer = rig.join();
      peer.says.interested();
      await hear(peer);
      peer.says.request(...request);
      assertEquals(await hear(peer), []);
      peer.says.request(0, 0, 1);
      assertEquals(await hear(peer), ["piece 0:0"], "one mistake is forgiven");
      for (let times = 0; times < 300; times++) peer.says.request(...request);
      await peer.send();
      assertInstanceOf(await peer.ended, PeerError);
      peer.session.leave();
    });
  }
});

Deno.test("Uploader closes who keeps requesting while it is choked", async () => {
  const rig = new Rig();
  const peer = rig.join();
  peer.tick(10_000);
  for (let times = 0; times < 300; times++) peer.says.request(0, 0, 1);
  assertEquals(await hear(peer), []);
  peer.says.request(0, 0, 1);
  await peer.send();
  assertInstanceOf(await peer.ended, PeerError);
  peer.session.leave();
});

Deno.test("Uploader forgives requests that crossed its choke", async () => {
  const rig = new Rig();
  const peer = rig.join();
  peer.says.interested();
  await hear(peer);
  rig.uploader?.choke();
  for (let times = 0; times < 400; times++) peer.says.request(0, 0, 1);
  assertEquals(await hear(peer), ["choke"]);
  await part(peer);
});

Deno.test("Uploader does not send what was cancelled in time", async () => {
  const rig = new Rig();
  const peer = rig.join();
  peer.says.interested();
  await hear(peer);
  const disk = Promise.withResolvers<void>();
  rig.disk = disk.promise;
  peer.says.request(0, 0, BLOCK_LENGTH);
  peer.says.request(0, BLOCK_LENGTH, BLOCK_LENGTH);
  peer.says.request(2, 0, BLOCK_LENGTH);
  peer.says.cancel(0, BLOCK_LENGTH, BLOCK_LENGTH);
  peer.says.cancel(2, 5, BLOCK_LENGTH);
  assertEquals(await hear(peer), []);
  disk.resolve();
  await delay(0);
  assertEquals(peer.heard(), ["piece 0:0", "piece 2:0"]);
  await part(peer);
});

Deno.test("Uploader rejects, where the fast extension is in use, what it will not give", async () => {
  const rig = new Rig();
  const peer = rig.join("fast");
  assertEquals(await hear(peer), ["haveNone"]);
  peer.says.interested();
  assertEquals(await hear(peer), ["unchoke"]);
  peer.says.request(1, 0, BLOCK_LENGTH);
  peer.says.request(0, 0, BLOCK_LENGTH + 1);
  assertEquals(await hear(peer), ["rejectRequest 1:0", "rejectRequest 0:0"]);
  const disk = Promise.withResolvers<void>();
  rig.disk = disk.promise;
  for (const block of [0, 1]) peer.says.request(0, block * BLOCK_LENGTH, BLOCK_LENGTH);
  peer.says.cancel(0, 0, BLOCK_LENGTH);
  assertEquals(await hear(peer), ["rejectRequest 0:0"], "a cancelled one");
  rig.uploader?.choke();
  peer.says.request(2, 0, BLOCK_LENGTH);
  assertEquals(await hear(peer), ["choke", "rejectRequest 0:1", "rejectRequest 2:0"]);
  disk.resolve();
  await delay(0);
  assertEquals(peer.heard(), []);
  await part(peer);
});

/** As many peers as are served at once. */
async function fillSlots(rig: Rig): Promise<FakePeer[]> {
  const peers = Array.from({ length: 8 }, () => rig.join());
  for (const peer of peers) {
    peer.says.interested();
    await peer.send();
  }
  return peers;
}

Deno.test("Uploader rejects at its choke nothing of what it has granted", async () => {
  const rig = new Rig();
  const served = await fillSlots(rig);
  const peer = rig.join("fast");
  peer.says.interested();
  await hear(peer);
  rig.uploader?.unchoke();
  const disk = Promise.withResolvers<void>();
  rig.disk = disk.promise;
  for (let times = 0; times < 5; times++) peer.says.request(2, 0, BLOCK_LENGTH);
  assertEquals(await hear(peer), ["unchoke"]);
  rig.uploader?.choke();
  rig.uploader?.wake();
  await delay(0);
  assertEquals(peer.heard(), ["choke", "rejectRequest 2:0"]);
  disk.resolve();
  await delay(0);
  assertEquals(peer.heard(), Array(4).fill("piece 2:0"));
  await Promise.all([peer, ...served].map(part));
});

Deno.test("Uploader grants a newcomer a few pieces while it is choked, and no more of them", async () => {
  const rig = new Rig();
  const served = await fillSlots(rig);
  const peer = rig.join("fast");
  await hear(peer);
  peer.says.interested();
  const granted = await hear(peer);
  assertEquals(granted.toSorted(), ["allowedFast 0", "allowedFast 2"], "those that we have");
  for (let times = 0; times < 5; times++) peer.says.request(2, 0, BLOCK_LENGTH);
  const heard = (await hear(peer)).toSorted();
  assertEquals(heard, [...Array(4).fill("piece 2:0"), "rejectRequest 2:0"]);
  await Promise.all([peer, ...served].map(part));
});
