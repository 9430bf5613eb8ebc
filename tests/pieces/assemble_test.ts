import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Block } from "../../lib/blocks/request.ts";
import type { Ledger, OpenPiece, Source, SourceId } from "../../lib/ledger.ts";
import { assemblePieces, type Piece } from "../../lib/pieces/assemble.ts";
import { BLOCK_LENGTH, type Geometry } from "../../lib/torrent/geometry.ts";
import { addSource, KIB, makeLedger, paddedGeometry, plainGeometry } from "../support/torrents.ts";

/** A torrent in memory, its ledger, and what the stage under test says of it. */
class Rig {
  readonly ledger: Ledger;
  readonly content: Uint8Array<ArrayBuffer>;
  /** What is on disk. */
  readonly stored: Uint8Array<ArrayBuffer>;
  readonly guilty: SourceId[] = [];
  readonly corrupt: number[] = [];
  readonly ending = new AbortController();

  constructor(geometry: Geometry) {
    this.ledger = makeLedger(geometry);
    this.content = new Uint8Array(geometry.totalLength);
    for (let index = 0; index < this.content.length; index++) {
      this.content[index] = index + (index >>> 8) + (index >>> 16);
    }
    for (const span of geometry.spans(0, geometry.totalLength)) {
      const start = geometry.fileOffset(span.fileIndex);
      if (span.isPadding) this.content.fill(0, start, start + span.lengthBytes);
    }
    this.stored = new Uint8Array(geometry.totalLength);
  }

  /** Fills what is free of a piece from a source, right or with one wrong byte in each block. */
  fill(piece: OpenPiece, source: Source, content: "right" | "wrong"): Block[] {
    return this.#free(piece).map((block) => this.send(piece, block, { source, content }));
  }

  send(
    piece: OpenPiece,
    block: number,
    { source, content }: { source: Source; content: "right" | "wrong" },
  ): Block {
    const { geometry } = this.ledger;
    const begin = block * BLOCK_LENGTH;
    const offset = geometry.pieceOffset(piece.pieceIndex) + begin;
    const length = geometry.requestLength(piece.pieceIndex, block);
    const bytes = this.content.slice(offset, offset + length);
    if (content === "wrong") bytes[0] = (bytes[0] ?? 0) ^ 0xff;
    if (piece.buffer !== undefined) piece.buffer.set(bytes, begin);
    else this.stored.set(bytes, offset);
    this.ledger.request(piece, block, source.id);
    this.ledger.hold(piece, block, source.id);
    this.ledger.unrequest(piece, block);
    return { piece, block, source, completesPiece: piece.isFull };
  }

  /** Runs the stage over batches of blocks. */
  async assemble(...batches: readonly (readonly Block[])[]): Promise<(readonly Piece[])[]> {
    return await Array.fromAsync(this.run(batches));
  }

  run(batches: Iterable<readonly Block[]>): AsyncGenerator<readonly Piece[], void, undefined> {
    return assemblePieces(ReadableStream.from(batches), {
      ledger: this.ledger,
      pieceHashes: this.#hashes(),
      source: {
        read: (offset, into) => {
          into.set(this.stored.subarray(offset, offset + into.length));
          return Promise.resolve();
        },
      },
      onGuilty: (sources) => this.guilty.push(...sources),
      onCorrupt: (piece) => this.corrupt.push(piece.pieceIndex),
      signal: this.ending.signal,
    });
  }

  #free(piece: OpenPiece): number[] {
    return [...Array(piece.blockCount).keys()].filter((block) => piece.states[block] === 0);
  }

  #hashes(): Uint8Array {
    const { geometry } = this.ledger;
    const hashes = new Uint8Array(20 * geometry.pieceCount);
    for (let index = 0; index < geometry.pieceCount; index++) {
      const offset = geometry.pieceOffset(index);
      const bytes = this.content.subarray(offset, offset + geometry.pieceLength(index));
      hashes.set(createHash("sha1").update(bytes).digest(), 20 * index);
    }
    return hashes;
  }
}

function reopened(ledger: Ledger, pieceIndex: number): OpenPiece {
  const piece = ledger.openPiece(pieceIndex);
  assert(piece !== undefined);
  return piece;
}

const TORRENTS: readonly (readonly [string, Geometry])[] = [
  ["in memory, the last one short", plainGeometry(2 * 64 * KIB + 7, 64 * KIB)],
  ["that are no whole blocks", plainGeometry(100_000, 40_000)],
  ["with padding", paddedGeometry([20 * KIB + 1, -(44 * KIB - 1), 64 * KIB], 64 * KIB)],
  ["on disk, the last one short", plainGeometry(4096 * KIB + 30_000, 4096 * KIB + 16)],
];

for (const [name, geometry] of TORRENTS) {
  Deno.test(`assemblePieces() yields pieces ${name}, once they are right`, async () => {
    const rig = new Rig(geometry);
    const source = addSource(rig.ledger);
    for (let pieceIndex = 0; pieceIndex < geometry.pieceCount; pieceIndex++) {
      const piece = rig.ledger.open(pieceIndex);
      const blocks = rig.fill(piece, source, "right");
      const [batch, ...more] = await rig.assemble(blocks.slice(0, -1), blocks.slice(-1));
      assertEquals(more, []);
      assertStrictEquals(batch?.[0]?.piece, piece);
      assertEquals([batch?.length, batch?.[0]?.pieceIndex], [1, pieceIndex]);
      const offset = geometry.pieceOffset(pieceIndex);
      const right = rig.content.subarray(offset, offset + geometry.pieceLength(pieceIndex));
      assertEquals(batch?.[0]?.bytes === undefined, piece.buffer === undefined);
      if (batch?.[0]?.bytes) assertEquals(Buffer.compare(batch[0].bytes, right), 0);
    }
    assertEquals([rig.guilty, rig.corrupt], [[], []]);
  });

  Deno.test(`assemblePieces() sends wrong pieces ${name} back, and names who sent them`, async () => {
    const rig = new Rig(geometry);
    const [liar, honest] = [addSource(rig.ledger), addSource(rig.ledger)];
    const last = geometry.pieceCount - 1;
    const first = rig.fill(rig.ledger.open(last), liar, "wrong");
    assertEquals(await rig.assemble(first), []);
    assertEquals([rig.guilty, rig.corrupt], [[liar.id], [last]]);
    assertEquals(rig.ledger.openPiece(last), undefined);
    const again = rig.fill(rig.ledger.open(last), honest, "right");
    assertEquals((await rig.assemble(again)).flat().length, 1);
    assertEquals(rig.guilty, [liar.id]);
  });
}

for (const pieceLength of [64 * KIB, 4096 * KIB + BLOCK_LENGTH]) {
  Deno.test(`assemblePieces() finds one liar of two in a piece of ${pieceLength} bytes`, async () => {
    const rig = new Rig(plainGeometry(pieceLength, pieceLength));
    const [liar, honest, other] = [0, 1, 2].map(() => addSource(rig.ledger));
    assert(liar !== undefined && honest !== undefined && other !== undefined);
    const piece = rig.ledger.open(0);
    const blocks = [
      rig.send(piece, 1, { source: liar, content: "wrong" }),
      ...rig.fill(piece, honest, "right"),
    ];
    const stage = rig.run((function* () {
      yield blocks;
      const second = reopened(rig.ledger, 0);
      assertEquals(second.suspects, new Set([liar.id, honest.id]));
      yield rig.fill(second, other, "right");
    })());
    assertEquals((await Array.fromAsync(stage)).flat().length, 1);
    assertEquals([rig.guilty, rig.corrupt], [[liar.id], [0]]);
  });
}

Deno.test("assemblePieces() yields the right ones of a batch together", async () => {
  const rig = new Rig(plainGeometry(64 * KIB, 16 * KIB));
  const [liar, honest] = [addSource(rig.ledger), addSource(rig.ledger)];
  const batch = [
    ...rig.fill(rig.ledger.open(0), honest, "right"),
    ...rig.fill(rig.ledger.open(1), liar, "wrong"),
    ...rig.fill(rig.ledger.open(2), honest, "right"),
  ];
  const batches = await rig.assemble(batch);
  assertEquals(batches.map((pieces) => pieces.map(({ pieceIndex }) => pieceIndex)), [[0, 2]]);
});

Deno.test("assemblePieces() passes on that a piece cannot be read back", async () => {
  const rig = new Rig(plainGeometry(5000 * KIB, 5000 * KIB));
  const blocks = rig.fill(rig.ledger.open(0), addSource(rig.ledger), "right");
  const stage = assemblePieces(ReadableStream.from([blocks]), {
    ledger: rig.ledger,
    pieceHashes: new Uint8Array(20),
    source: { read: () => Promise.reject(new Error("disk gone")) },
    onGuilty: () => {},
    onCorrupt: () => {},
    signal: rig.ending.signal,
  });
  await assertRejects(() => Array.fromAsync(stage), Error, "disk gone");
});

Deno.test("assemblePieces() stops reading back when it is aborted", async () => {
  const rig = new Rig(plainGeometry(5000 * KIB, 5000 * KIB));
  const blocks = rig.fill(rig.ledger.open(0), addSource(rig.ledger), "right");
  const reason = new Error("enough");
  rig.ending.abort(reason);
  assertStrictEquals(await assertRejects(() => rig.assemble(blocks)), reason);
});
