/** What peers leave behind that go in the middle of pieces that nobody else has. */
import { assert, assertEquals } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { Downloads } from "../../lib/blocks/request.ts";
import { BUDGET_BYTES } from "../../lib/ledger/budget.ts";
import { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { FakePeer } from "../support/fake_peer.ts";
import {
  bitsOf,
  KIB,
  makeLedger,
  makeMemory,
  plainGeometry,
  storeRuns,
} from "../support/torrents.ts";

const MIB = 1024 * KIB;
/** One run each. */
const PIECE_COUNT = 64;
const GEOMETRY = plainGeometry(PIECE_COUNT * MIB, MIB);

/** A download, and peers that have some pieces each. */
class Rig {
  readonly memory = makeMemory(GEOMETRY, 1);
  readonly buffers = new ReadBuffers(this.memory);
  readonly ledger = makeLedger(GEOMETRY, { memory: this.memory });
  readonly downloads = new Downloads({ ledger: this.ledger, count: () => {} });
  nowMs = 0;

  async join(pieces: readonly number[]): Promise<FakePeer> {
    const { nowMs, buffers } = this;
    const options = { bitfieldLength: PIECE_COUNT / 8, nowMs, buffers, portionBytes: 64 * KIB };
    const peer = new FakePeer(this.downloads, options);
    peer.says.bitfield(bitsOf(PIECE_COUNT, pieces));
    peer.says.unchoke();
    await peer.send();
    return peer;
  }

  /** A peer that goes after it has sent one block of each of its pieces. */
  async strand(pieces: readonly number[]): Promise<void> {
    const peer = await this.join(pieces);
    for (const pieceIndex of pieces) {
      this.pass(peer, 3_000);
      peer.says.piece(pieceIndex, 0, new Uint8Array(BLOCK_LENGTH));
      await peer.send();
    }
    peer.session.wire.close(new PeerError("Gone", "closed"));
    await peer.ended;
    peer.session.leave();
  }

  /** Time goes by. */
  pass(peer: FakePeer, forMs: number): void {
    for (const untilMs = this.nowMs + forMs; this.nowMs < untilMs;) {
      this.nowMs += 250;
      peer.tick(this.nowMs);
      this.downloads.shareOut();
    }
  }

  /** The peer answers whatever it is asked. @returns how many blocks, in so many rounds */
  async exchange(peer: FakePeer, rounds: number): Promise<number> {
    let count = 0;
    for (let round = 0; round < rounds; round++) {
      for (const text of peer.heard().filter((text) => text.startsWith("request "))) {
        const [pieceIndex = 0, block = 0] = text.slice("request ".length).split(":").map(Number);
        peer.says.piece(pieceIndex, block * BLOCK_LENGTH, new Uint8Array(BLOCK_LENGTH));
        count++;
      }
      await peer.send();
      await this.store();
      this.pass(peer, 250);
      await Promise.resolve();
    }
    return count;
  }

  /** What has come is stored at once. */
  async store(): Promise<void> {
    await storeRuns(this.downloads);
  }
}

Deno.test("Downloads goes on as fast as before, whatever peers left behind that have gone", async () => {
  const rig = new Rig();
  for (let pieceIndex = 0; pieceIndex < 8; pieceIndex++) await rig.strand([pieceIndex]);
  assertEquals(rig.ledger.openCount, 8);
  const peer = await rig.join(Array.from({ length: 40 }, (_, index) => 20 + index));
  const count = await rig.exchange(peer, 20);
  assert(count > 20 * 64, `${count} blocks in five seconds`);
  assert(rig.ledger.budget.bookedBytes >= 8 * MIB, "nothing had to be dropped");
});

Deno.test("Downloads drops what nobody can finish, once that leaves no room for what somebody can", async () => {
  const rig = new Rig();
  for (let pieceIndex = 0; pieceIndex < 40; pieceIndex++) await rig.strand([pieceIndex]);
  assert(rig.ledger.budget.bookedBytes <= BUDGET_BYTES);
  const peer = await rig.join([50, 51, 52, 53]);
  assertEquals(await rig.exchange(peer, 80), 4 * 64);
  assertEquals(rig.ledger.verifiedCount, 4);
});
