import { assert, assertEquals, assertThrows } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { type FullRun, Intake } from "../../lib/blocks/intake.ts";
import { RequestQueue } from "../../lib/blocks/request_queue.ts";
import { BLOCK, type Ledger, type OpenPiece, type Run, type Source } from "../../lib/ledger.ts";
import { PieceMessage } from "../../lib/peers/message.ts";
import { BLOCK_LENGTH, type Geometry } from "../../lib/torrent/geometry.ts";
import { addSource, KIB, makeLedger, makeMemory, plainGeometry } from "../support/torrents.ts";

/** One peer's intake, and what it tells. */
class Rig {
  readonly ledger: Ledger;
  readonly queue = new RequestQueue();
  readonly source: Source;
  readonly intake: Intake;
  readonly cancelled: string[] = [];
  readonly counted = { useful: 0, wasted: 0 };
  /** What the peer's messages are read into. */
  readonly #message = new PieceMessage();

  constructor(geometry: Geometry = plainGeometry(100 * KIB, 40 * KIB)) {
    const memory = makeMemory(geometry);
    this.#message.start = memory.allocate(2 * BLOCK_LENGTH);
    this.ledger = makeLedger(geometry, { memory });
    this.source = addSource(this.ledger);
    const shared = {
      ledger: this.ledger,
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

  /** A block comes, of bytes that tell it from its neighbours. @returns whether it was of use */
  receive(pieceIndex: number, block: number, length = BLOCK_LENGTH): boolean {
    return this.receiveAt(pieceIndex, { begin: block * BLOCK_LENGTH, length, mark: block + 1 });
  }

  receiveAt(
    pieceIndex: number,
    block: { readonly begin: number; readonly length: number; readonly mark: number },
  ): boolean {
    const { begin, length, mark } = block;
    const message = this.#message;
    const { bytes } = this.ledger.budget.memory;
    bytes.fill(mark, message.start, message.start + length);
    const isUseful = this.intake.receive(
      Object.assign(message, { pieceIndex, begin, lengthBytes: length }),
    );
    bytes.fill(0xff, message.start, message.start + length);
    return isUseful;
  }

  /** The first byte of each block of a run, as it lies in memory. */
  marks({ start = NaN, blockCount }: Run): (number | undefined)[] {
    const { bytes } = this.ledger.budget.memory;
    return Array.from({ length: blockCount }, (_, block) => bytes[start + block * BLOCK_LENGTH]);
  }
}

/** Which runs are full, by their first block, and whether their piece is. */
function told(full: readonly FullRun[]): (readonly [number, boolean])[] {
  return full.map(({ run, endsPiece }) => [run.firstBlock, endsPiece]);
}

Deno.test("receive() puts each block in its place, and tells when the piece is full", () => {
  const rig = new Rig();
  const piece = rig.ledger.open(0);
  for (const block of [0, 1, 2]) rig.ask(piece, block);
  assert(rig.receive(0, 2, 8 * KIB));
  assert(rig.receive(0, 0));
  assertEquals(rig.intake.take(), []);
  assert(rig.receive(0, 1));
  assertEquals(told(rig.intake.take()), [[0, true]]);
  assertEquals(rig.intake.take(), []);
  assertEquals(rig.marks(piece.runOf(0)), [1, 2, 3]);
  assertEquals(rig.counted, { useful: 40 * KIB, wasted: 0 });
  assertEquals(rig.cancelled, []);
  assertEquals(piece.contributors(), new Set([rig.source.id]));
});

Deno.test("receive() of a long piece tells each run that is full, and which one ends the piece", () => {
  const rig = new Rig(plainGeometry(10_000 * KIB, 5_000 * KIB));
  const piece = rig.ledger.open(1);
  const blocks = [...Array(piece.blockCount).keys()];
  for (const block of blocks) rig.ask(piece, block);
  const order = [...blocks.slice(64, 128).reverse(), ...blocks.slice(0, 64), ...blocks.slice(128)];
  for (const block of order) {
    const isLast = block === blocks.length - 1;
    assert(rig.receive(1, block, isLast ? 8 * KIB : BLOCK_LENGTH));
  }
  const full = rig.intake.take();
  assertEquals(told(full), [[64, false], [0, false], [128, false], [192, false], [256, true]]);
  for (const { run } of full) {
    const marks = blocks.slice(run.firstBlock, run.firstBlock + 64).map((block) => block + 1);
    assertEquals(rig.marks(run), marks.map((mark) => mark & 0xff));
  }
});

Deno.test("receive() wastes a late answer that there is no room for", () => {
  const rig = new Rig(plainGeometry(40 * 1024 * KIB, 1024 * KIB));
  const late = rig.ledger.open(39);
  rig.ask(late, 0);
  rig.ask(late, 1);
  rig.giveUpAll();
  const again = rig.ledger.open(39);
  const other = rig.ledger.open(0);
  rig.ledger.request(other, 0, 99);
  for (let index = 1; rig.ledger.budget.hasRoom("starved"); index++) {
    rig.ledger.request(rig.ledger.open(index), 0, 99);
  }
  assert(!rig.receive(39, 0));
  assertEquals([again.states[0], rig.counted.wasted], [BLOCK.free, BLOCK_LENGTH]);
  rig.ledger.unrequest(other, 0);
  assert(rig.receive(39, 1));
  assertEquals([again.states[1], rig.counted.useful], [BLOCK.held, BLOCK_LENGTH]);
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
  assert(rig.receive(0, 0));
  assertEquals([again.states[0], again.sourceOf[0]], [BLOCK.held, rig.source.id]);
  assertEquals(rig.cancelled, ["0:0"]);
  rig.ledger.hold(again, 1, other.id);
  assert(!rig.receive(0, 1));
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
  assert(!rig.receive(0, 0));
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
  assert(!rig.receive(0, 0));
  assertEquals([again.states[0], rig.counted.wasted], [BLOCK.free, BLOCK_LENGTH]);
});

Deno.test("receive() cancels a block elsewhere, in end game, only where others are asked for it", () => {
  const rig = new Rig();
  const [piece] = [0, 1, 2].map((pieceIndex) => rig.ledger.open(pieceIndex));
  assert(piece !== undefined && rig.ledger.isEndGame);
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

Deno.test("receive() leaves others what they are asked for while there is more to ask them for", () => {
  const rig = new Rig();
  const piece = rig.ledger.open(0);
  rig.ask(piece, 0);
  rig.ledger.request(piece, 0, addSource(rig.ledger).id);
  assert(rig.receive(0, 0));
  assertEquals(rig.cancelled, []);
});

Deno.test("receive() bears 15 blocks that nobody asked for", () => {
  const rig = new Rig();
  for (let index = 0; index < 15; index++) {
    assert(!rig.receiveAt(index, { begin: 2 ** 32 - 1, length: 9, mark: 1 }));
  }
  assertThrows(() => rig.receive(0, 0), PeerError, "16 blocks that were not requested");
  assertEquals(rig.counted, { useful: 0, wasted: 15 * 9 + BLOCK_LENGTH });
  assert(rig.ledger.openPiece(0) === undefined);
});
