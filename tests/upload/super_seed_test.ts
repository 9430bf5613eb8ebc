import { assertEquals } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import { SuperSeed } from "../../lib/upload/super_seed.ts";
import { FakePeer } from "../support/fake_peer.ts";
import { bitsOf, makeLedger, plainGeometry } from "../support/torrents.ts";

const PIECES = 8;

/** The first of equals is shown first. */
function makeSeed(): SuperSeed {
  return new SuperSeed({ ledger: makeLedger(plainGeometry(PIECES, 1)), random: () => 0 });
}

async function join(seed: SuperSeed, pieces: readonly number[] = []): Promise<FakePeer> {
  const peer = new FakePeer(seed, { bitfieldLength: 1, nowMs: 0, buffers: new ReadBuffers() });
  peer.says.bitfield(bitsOf(PIECES, pieces));
  await peer.send();
  peer.tick(250);
  return peer;
}

async function have(peer: FakePeer, pieceIndex: number): Promise<void> {
  peer.says.have(pieceIndex);
  await peer.send();
  peer.tick(500);
}

async function part(peer: FakePeer): Promise<void> {
  peer.session.wire.close(new PeerError("The test is over", "closed"));
  await peer.ended;
  peer.session.leave();
}

Deno.test("SuperSeed shows each peer two pieces, those that have spread least", async () => {
  const seed = makeSeed();
  const peers = [await join(seed), await join(seed, [2, 4])];
  assertEquals(peers.map((peer) => peer.heard()), [["have 0", "have 1"], ["have 3", "have 5"]]);
  await Promise.all(peers.map(part));
});

Deno.test("SuperSeed counts what peers have when they come", async () => {
  const seed = makeSeed();
  const peers = [await join(seed, [0, 1]), await join(seed)];
  assertEquals(peers.map((peer) => peer.heard()), [["have 2", "have 3"], ["have 4", "have 5"]]);
  peers.push(await join(seed, [2, 6]));
  peers[0]?.tick(500);
  assertEquals(peers.map((peer) => peer.heard()), [["have 7"], [], ["have 0", "have 1"]]);
  await Promise.all(peers.map(part));
});

Deno.test("SuperSeed shows the next piece once another peer has what was shown", async () => {
  const seed = makeSeed();
  const [first, second] = [await join(seed), await join(seed)];
  first.heard();
  second.heard();
  await have(first, 0);
  assertEquals(first.heard(), [], "to have it is not enough");
  await have(second, 0);
  first.tick(750);
  assertEquals([first.heard(), second.heard()], [["have 4"], []]);
  await Promise.all([first, second].map(part));
});

Deno.test("SuperSeed lets nobody wait for others for ever", async () => {
  const seed = makeSeed();
  const [first, second] = [await join(seed), await join(seed)];
  first.heard();
  await have(first, 0);
  first.tick(21_000);
  assertEquals(first.heard(), ["have 4", "have 5"], "who passes nothing on for long");
  await part(second);
  await have(first, 4);
  assertEquals(first.heard(), ["have 6"], "who is alone");
  first.says.notInterested();
  await first.send();
  assertEquals(first.heard(), ["have 7", "have 2"], "who is alone, and has all that it was shown");
  await part(first);
});

Deno.test("SuperSeed shows no more to who wants nothing again and again at once", async () => {
  const seed = makeSeed();
  const options = { bitfieldLength: 1, nowMs: 0, buffers: new ReadBuffers(), portionBytes: 100 };
  const peer = new FakePeer(seed, options);
  for (const _ of [1, 2, 3]) peer.says.notInterested();
  await peer.send();
  assertEquals(peer.heard(), ["have 0", "have 1"]);
  await part(peer);
});

Deno.test("SuperSeed shows nothing twice, and all at last", async () => {
  const seed = makeSeed();
  const peer = await join(seed, [7]);
  const shown: string[] = [];
  for (let round = 0; round < PIECES; round++) {
    const heard = peer.heard();
    shown.push(...heard);
    for (const text of heard) await have(peer, Number(text.slice("have ".length)));
  }
  assertEquals(shown, [0, 1, 2, 3, 4, 5, 6].map((index) => `have ${index}`));
  await part(peer);
});
