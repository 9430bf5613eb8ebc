/** One quick peer among slow ones. */
import { assert } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { Downloads } from "../../lib/blocks/request.ts";
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
const PIECE_COUNT = 512;
const GEOMETRY = plainGeometry(PIECE_COUNT * MIB, MIB);
const STEP_MS = 50;
const SLOW_COUNT = 20;
const BLOCK = new Uint8Array(BLOCK_LENGTH);

/** A download of pieces of one run each. */
class Rig {
  readonly memory = makeMemory(GEOMETRY, SLOW_COUNT + 1);
  readonly buffers = new ReadBuffers(this.memory);
  readonly ledger = makeLedger(GEOMETRY, { memory: this.memory });
  readonly wasted: number[] = [];
  readonly downloads = new Downloads({
    ledger: this.ledger,
    count: (kind, lengthBytes) => kind === "wasted" && this.wasted.push(lengthBytes),
  });

  /** What has come is stored at once. */
  async store(): Promise<void> {
    await storeRuns(this.downloads);
  }
}

/** A peer that has everything, and sends a block every so often, a number of them at a time. */
class Sender {
  readonly peer: FakePeer;
  sent = 0;
  readonly #everyMs: number;
  readonly #asked: string[] = [];
  #nextMs = 0;

  constructor({ downloads, buffers }: Rig, everyMs: number) {
    this.#everyMs = everyMs;
    const options = { bitfieldLength: PIECE_COUNT / 8, nowMs: 0, buffers, portionBytes: 64 * KIB };
    this.peer = new FakePeer(downloads, options);
    this.peer.says.bitfield(bitsOf(PIECE_COUNT, Array(PIECE_COUNT).keys()));
    this.peer.says.unchoke();
  }

  /** Sends up to `count` blocks, if it is time. @returns how many */
  async step(nowMs: number, count: number): Promise<number> {
    this.#hear(nowMs);
    const answers = nowMs < this.#nextMs ? [] : this.#asked.splice(0, count);
    if (answers.length > 0) this.#nextMs = nowMs + this.#everyMs;
    for (const answer of answers) {
      const [pieceIndex = 0, block = 0] = answer.split(":").map(Number);
      this.peer.says.piece(pieceIndex, block * BLOCK_LENGTH, BLOCK);
    }
    this.sent += answers.length;
    await this.peer.send();
    return answers.length;
  }

  /** The first of its answers takes as long as every other. */
  #hear(nowMs: number): void {
    if (this.#asked.length === 0) this.#nextMs = nowMs + this.#everyMs;
    for (const text of this.peer.heard()) {
      const [verb, key = ""] = text.split(" ");
      if (verb === "request") this.#asked.push(key);
      if (verb === "cancel") this.#asked.splice(this.#asked.indexOf(key), 1);
    }
  }
}

Deno.test("Downloads has a quick peer send all it can, however many slow ones have a part in every run", async () => {
  const rig = new Rig();
  const quick = new Sender(rig, 0);
  const slow = Array.from({ length: SLOW_COUNT }, () => new Sender(rig, 4_000));
  const senders = [quick, ...slow];
  for (let nowMs = 0; nowMs < 40_000; nowMs += STEP_MS) {
    for (let left = 32, sent = 1; left > 0 && sent > 0; left -= sent) {
      sent = await quick.step(nowMs, left);
      await rig.store();
    }
    for (const sender of slow) await sender.step(nowMs, 1);
    await rig.store();
    if (nowMs % 250 !== 0) continue;
    for (const { peer } of senders) peer.tick(nowMs);
    rig.downloads.shareOut();
  }
  const share = quick.sent / (40_000 / STEP_MS * 32);
  assert(share > 0.9, `${share} of what it could send`);
  assert(rig.wasted.length < 0.01 * quick.sent, `${rig.wasted.length} blocks came twice`);
  for (const { peer: { session, ended } } of senders) {
    session.wire.close(new PeerError("The test is over", "closed"));
    await ended;
  }
});
