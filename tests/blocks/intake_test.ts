import { assert, assertEquals, assertThrows } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { Intake } from "../../lib/blocks/intake.ts";
import { RequestQueue } from "../../lib/blocks/request_queue.ts";
import { BLOCK, type Ledger, type OpenPiece, type Source } from "../../lib/ledger.ts";
import { BLOCK_LENGTH, type Geometry } from "../../lib/torrent/geometry.ts";
import { addSource, KIB, makeLedger, plainGeometry } from "../support/torrents.ts";

/** One peer's intake, and what it tells. */
class Rig {
  readonly ledger: Ledger;
  readonly queue = new RequestQueue();
  readonly source: Source;
  readonly intake: Intake;
  readonly cancelled: string[] = [];
  readonly written: number[] = [];
  readonly counted = { useful: 0, wasted: 0 };

  constructor(geometry: Geometry = plainGeometry(100 * KIB, 40 * KIB)) {
    this.ledger = makeLedger(geometry);
    this.source = addSource(this.ledger);
    const shared = {
      ledger: this.ledger,
      sink: { write: (offset: number) => void this.written.push(offset) },
      cancel: (piece: OpenPiece, block: number) => {
        this.cancelled.push(`${piece.pieceIndex}:${block}`);
      },
      count: (kind: "useful" | "wasted", lengthBytes: number) => {
        this.counted[kind] += lengthBytes;
      },
    };
    this.intake = new Intake(shared, this.source, this.queue);
  }

  /** Asks this peer. */
  ask(piece: OpenPiece, block: number): void {
    this.ledger.request(piece, block, this.source.id);
    this.queue.push(piece, block);
  }

  /** Takes back what this peer was asked for. */
  giveUpAll(): void {
    for (const { piece, block } of this.queue.giveUpAll()) this.ledger.unrequest(piece, block);
  }

  receive(pieceIndex: number, block: number, length = BLOCK_LENGTH): void {
    const bytes = new Uint8Array(length).fill(block + 1);
    this.intake.receive(pieceIndex, block * BLOCK_LENGTH, bytes);
  }
}

Deno.test("receive() puts each block in its place, and tells which one completes the piece", () => {
  const rig = new Rig();
  const piece = rig.ledger.open(0);
  for (const block of [0, 1, 2]) rig.ask(piece, block);
  rig.receive(0, 2, 8 * KIB);
  rig.receive(0, 0);
  rig.receive(0, 1);
  const blocks = rig.intake.take().map(({ block, completesPiece }) => [block, completesPiece]);
  assertEquals(blocks, [[2, false], [0, false], [1, true]]);
  assertEquals(rig.intake.take(), []);
  const marks = [0, 16 * KIB, 32 * KIB].map((begin) => piece.buffer?.[begin]);
  assertEquals([marks, rig.counted], [[1, 2, 3], { useful: 40 * KIB, wasted: 0 }]);
  assertEquals([rig.cancelled, rig.written], [[], []]);
  assertEquals(piece.contributors(), new Set([rig.source.id]));
});

Deno.test("receive() writes blocks of long pieces in place, by their offset in the torrent", () => {
  const rig = new Rig(plainGeometry(10_000 * KIB, 5_000 * KIB));
  const piece = rig.ledger.open(1);
  rig.ask(piece, 3);
  rig.receive(1, 3);
  assertEquals(rig.written, [5_048 * KIB]);
});

const WRONG_LENGTHS: readonly (readonly [string, number, number])[] = [
  ["empty", 0, 0],
  ["short by a byte", 0, BLOCK_LENGTH - 1],
  ["long by a byte", 0, BLOCK_LENGTH + 1],
  ["a whole one where the piece ends", 2, BLOCK_LENGTH],
];

for (const [name, block, length] of WRONG_LENGTHS) {
  Deno.test(`receive() refuses a block that is ${name}, and leaves it to others`, () => {
    const rig = new Rig();
    const piece = rig.ledger.open(0);
    rig.ask(piece, 0);
    rig.ask(piece, 2);
    assertThrows(() => rig.receive(0, block, length), PeerError);
    assertEquals([piece.states[block], piece.requesters[block]], [BLOCK.free, 0]);
    assertEquals(rig.counted.useful, 0);
  });
}

Deno.test("receive() takes a late answer while the block is missing, once", () => {
  const rig = new Rig();
  const piece = rig.ledger.open(0);
  const other = addSource(rig.ledger);
  rig.ask(piece, 0);
  rig.ask(piece, 1);
  rig.giveUpAll();
  const again = rig.ledger.open(0);
  rig.ledger.request(again, 0, other.id);
  rig.receive(0, 0);
  assertEquals([again.states[0], again.sourceOf[0]], [BLOCK.held, rig.source.id]);
  assertEquals(rig.cancelled, ["0:0"]);
  rig.ledger.hold(again, 1, other.id);
  rig.receive(0, 1);
  assertEquals(rig.counted, { useful: BLOCK_LENGTH, wasted: BLOCK_LENGTH });
  assertEquals(again.sourceOf[1], other.id);
});

Deno.test("receive() takes no late answer from a suspect", () => {
  const rig = new Rig();
  const [honest, piece] = [addSource(rig.ledger), rig.ledger.open(0)];
  honest.bytesPerMs = 1;
  rig.ask(piece, 0);
  rig.giveUpAll();
  const again = rig.ledger.open(0, new Set([rig.source.id]));
  rig.receive(0, 0);
  assertEquals([again.states[0], rig.counted.wasted], [BLOCK.free, BLOCK_LENGTH]);
});

Deno.test("receive() wastes the answer for a piece that was judged meanwhile", () => {
  const rig = new Rig();
  const piece = rig.ledger.open(0);
  const other = addSource(rig.ledger);
  for (const block of [0, 1, 2]) rig.ledger.hold(piece, block, other.id);
  rig.ledger.reject(piece, undefined);
  const again = rig.ledger.open(0);
  rig.queue.push(piece, 0);
  rig.receive(0, 0);
  assertEquals([again.states[0], rig.counted.wasted], [BLOCK.free, BLOCK_LENGTH]);
});

Deno.test("receive() cancels a block elsewhere only where others are asked for it", () => {
  const rig = new Rig();
  const piece = rig.ledger.open(0);
  const other = addSource(rig.ledger);
  rig.ask(piece, 0);
  rig.ask(piece, 1);
  rig.ask(piece, 2);
  rig.ledger.request(piece, 1, other.id);
  rig.ledger.request(piece, 2, other.id);
  rig.ledger.unrequest(piece, 2);
  rig.receive(0, 0);
  rig.receive(0, 1);
  rig.receive(0, 2, 8 * KIB);
  assertEquals(rig.cancelled, ["0:1"]);
});

Deno.test("receive() bears 15 blocks that nobody asked for", () => {
  const rig = new Rig();
  for (let index = 0; index < 15; index++) {
    rig.intake.receive(index, 2 ** 32 - 1, new Uint8Array(9));
  }
  assertThrows(() => rig.receive(0, 0), PeerError, "16 blocks that were not requested");
  assertEquals(rig.counted, { useful: 0, wasted: 15 * 9 + BLOCK_LENGTH });
  assert(rig.ledger.openPiece(0) === undefined);
});
