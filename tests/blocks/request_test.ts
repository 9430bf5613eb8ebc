import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { Downloads } from "../../lib/blocks/request.ts";
import { type Ledger, OpenPiece, type SourceId } from "../../lib/ledger.ts";
import { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import { Wire } from "../../lib/peers/wire.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { FakePeer } from "../support/fake_peer.ts";
import { bitsOf, KIB, makeLedger, makeMemory, plainGeometry } from "../support/torrents.ts";

const MIB = 1024 * KIB;
/** One run each. */
const PIECE_COUNT = 64;
const GEOMETRY = plainGeometry(PIECE_COUNT * MIB, MIB);
const MAX_PEERS = 64;

/** A download, and peers that have all of it. */
class Rig implements AsyncDisposable {
  readonly memory = makeMemory(GEOMETRY, MAX_PEERS);
  readonly buffers = new ReadBuffers(this.memory);
  readonly ledger: Ledger = makeLedger(GEOMETRY, { memory: this.memory });
  readonly downloads = new Downloads({ ledger: this.ledger, count: () => {} });
  readonly #peers: FakePeer[] = [];

  /** A peer that has unchoked us at 0 ms, and what it is asked for then. */
  async join(portionBytes = 1): Promise<{ peer: FakePeer; requests: string[] }> {
    const { buffers } = this;
    const options = { bitfieldLength: PIECE_COUNT / 8, nowMs: 0, buffers, portionBytes };
    const peer = new FakePeer(this.downloads, options);
    this.#peers.push(peer);
    peer.says.bitfield(bitsOf(PIECE_COUNT, Array(PIECE_COUNT).keys()));
    peer.says.unchoke();
    await peer.send();
    return { peer, requests: requestsOf(peer) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) {
      peer.session.wire.close(new PeerError("The test is over", "closed"));
      await peer.ended;
    }
  }
}

function requestsOf(peer: FakePeer): string[] {
  return peer.heard().filter((text) => text.startsWith("request"));
}

/** Answers so many requests of those that were heard. */
async function answer(peer: FakePeer, requests: string[], count: number): Promise<void> {
  for (const request of requests.splice(0, count)) {
    const [pieceIndex = 0, block = 0] = request.slice("request ".length).split(":").map(Number);
    peer.says.piece(pieceIndex, block * BLOCK_LENGTH, new Uint8Array(BLOCK_LENGTH));
  }
  await peer.send();
}

Deno.test("Downloads books little of the budget where all answer at once", async () => {
  await using rig = new Rig();
  const near = await rig.join();
  await answer(near.peer, near.requests, 1);
  assert(rig.downloads.share > 100);
  assertEquals(rig.ledger.budget.usualBytes, 5 * MIB);
});

Deno.test("Downloads books more for those far away, as much as they want", async () => {
  await using rig = new Rig();
  const far = await rig.join();
  far.peer.tick(300);
  await answer(far.peer, far.requests, 1);
  assertEquals(rig.ledger.budget.usualBytes, 5 * MIB, "until the share is worked out again");
  rig.downloads.shareOut();
  assert(rig.downloads.share > 100);
  const { usualBytes } = rig.ledger.budget;
  assert(usualBytes > 5 * MIB && usualBytes <= 9 * MIB, `${usualBytes}`);
});

Deno.test("Downloads books more for the slow, though they answer at once", async () => {
  await using rig = new Rig();
  const peers = [];
  for (let count = 0; count < 16; count++) peers.push(await rig.join());
  for (const atMs of [0, 750, 1500]) {
    for (const { peer, requests } of peers) {
      peer.tick(atMs);
      await answer(peer, requests, 1);
      requests.push(...requestsOf(peer));
    }
  }
  rig.downloads.shareOut();
  assertEquals(rig.downloads.share, Infinity);
  const { usualBytes } = rig.ledger.budget;
  assert(usualBytes > 5 * MIB && usualBytes <= 6 * MIB, `${usualBytes}`);
});

for (const [crowd, takesEffect] of [[24, "at once"], [25, "at the next tick"]] as const) {
  Deno.test(`Downloads shares out anew among ${crowd} peers ${takesEffect}`, async () => {
    await using rig = new Rig();
    const { peer } = await rig.join();
    for (let count = 1; count < crowd; count++) await rig.join();
    rig.downloads.shareOut();
    assert(rig.downloads.share < Infinity);
    const { share } = rig.downloads;
    peer.says.choke();
    await peer.send();
    assertEquals(rig.downloads.share > share, takesEffect === "at once");
    rig.downloads.shareOut();
    assert(rig.downloads.share > share);
  });
}

/** It is we who are slow: many who wanted to read had to wait for what was to be stored. */
function saturate({ ledger: { budget } }: Rig): void {
  const runs = [0, 1, 2, 3].flatMap((pieceIndex) => new OpenPiece(pieceIndex, 64).runs);
  for (const run of runs) budget.handOver(run);
  for (let asked = 0; asked < 32; asked++) budget.relief();
  for (const run of runs) budget.release(run);
}

Deno.test("Downloads asks one that answers at once for a full run or two, however many wait for us", async () => {
  await using rig = new Rig();
  const peers = [];
  for (let count = 0; count < 40; count++) peers.push(await rig.join());
  const [first] = peers;
  assert(first !== undefined);
  await answer(first.peer, first.requests, 16);
  saturate(rig);
  await answer(first.peer, first.requests, Infinity);
  const more = requestsOf(first.peer).length;
  assert(more >= 32 && more <= 64, `${more}`);
});

Deno.test("Downloads books more when many come at once, without waiting for the next tick", async () => {
  await using rig = new Rig();
  for (let count = 0; count < 60; count++) await rig.join();
  const { usualBytes } = rig.ledger.budget;
  assert(usualBytes > 5 * MIB && usualBytes <= 6 * MIB, `${usualBytes}`);
});

Deno.test("Downloads asks those who found no room as soon as there is more to share out", async () => {
  await using rig = new Rig();
  const { peer, requests } = await rig.join();
  rig.ledger.budget.usualBytes = 0;
  while (requests.length > 0) {
    await answer(peer, requests, Infinity);
    requests.push(...requestsOf(peer));
  }
  assertEquals(rig.ledger.openCount, 1);
  rig.downloads.shareOut();
  await Promise.resolve();
  assert(requestsOf(peer).length > 0);
});

/** What has come is stored at once. */
async function store({ downloads, ledger }: Rig): Promise<void> {
  while (downloads.runs.size > 0) {
    const { value = [] } = await downloads.runs.next();
    for (const { run, endsPiece } of value) {
      ledger.release(run);
      if (endsPiece) ledger.verify(run.piece);
    }
  }
}

Deno.test("Downloads keeps all busy of many nearby that send at a moderate rate", async () => {
  await using rig = new Rig();
  const peers: Awaited<ReturnType<Rig["join"]>>[] = [];
  for (let count = 0; count < 40; count++) peers.push(await rig.join(64 * KIB));
  const came = () =>
    peers.reduce((sum, { peer }) => sum + peer.session.receivedBytes / BLOCK_LENGTH, 0);
  let before = came();
  for (let atMs = 0; atMs < 1_500; atMs += 250) {
    if (atMs === 1_000) before = came();
    for (const { peer, requests } of peers) {
      peer.tick(atMs);
      requests.push(...requestsOf(peer));
      for (let turn = 0; turn < 2; turn++) {
        await answer(peer, requests, 4);
        requests.push(...requestsOf(peer));
      }
      await store(rig);
    }
    rig.downloads.shareOut();
  }
  const share = (came() - before) / (2 * 40 * 8);
  assert(share > 0.8, `${share} of what they could send, once they are known`);
});

Deno.test("Downloads wakes those first who were busy last, and nobody for nothing", async () => {
  await using rig = new Rig();
  const { ledger } = rig;
  const piece = spend(ledger);
  const idle = [await rig.join(), await rig.join(), await rig.join()];
  assertEquals(idle.flatMap(({ requests }) => requests), []);
  let looks = 0;
  const { hasRoom } = ledger.budget;
  ledger.budget.hasRoom = (need) => {
    looks++;
    return hasRoom.call(ledger.budget, need);
  };
  ledger.onWork();
  await Promise.resolve();
  assertEquals(looks, 1, "one look is enough for all");
  for (let block = 0; block < 6; block++) ledger.unrequest(piece, block);
  await Promise.resolve();
  const asked = idle.map(({ peer }) => requestsOf(peer).map((text) => text.split(":")[1]));
  assertEquals(asked, [["4", "5"], ["2", "3"], ["0", "1"]]);
});

Deno.test("Downloads knows who has gone, and keeps nothing else of them", async () => {
  await using rig = new Rig();
  const { peer: { session, ended } } = await rig.join();
  const { wire } = session;
  const ids = [0, 1, 2].filter((id) => rig.downloads.peerOf(id as SourceId) !== undefined);
  assertEquals(ids.length, 1);
  const id = ids[0] as SourceId;
  assertStrictEquals(rig.downloads.peerOf(id), wire);
  wire.close(new PeerError("Gone", "closed"));
  await ended;
  session.leave(); // as the swarm does
  const gone = rig.downloads.peerOf(id);
  assertEquals([gone?.remote, gone?.isIncoming], [wire.remote, wire.isIncoming]);
  assertEquals(gone?.handshake, { peerId: wire.handshake.peerId });
  assert(!(gone instanceof Wire));
});

/** Asks somebody else for all that there is room for. @returns the last piece of it */
function spend(ledger: Ledger): OpenPiece {
  let piece: OpenPiece | undefined;
  for (let index = 0; ledger.budget.hasRoom("usual"); index++) {
    piece = ledger.open(index);
    for (let block = 0; block < piece.blockCount; block++) ledger.request(piece, block, 99);
  }
  assert(piece !== undefined);
  return piece;
}
