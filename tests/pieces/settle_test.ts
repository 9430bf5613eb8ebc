import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import type { FullRun } from "../../lib/blocks/request.ts";
import type { OpenPiece, SourceId } from "../../lib/ledger.ts";
import { settlePieces } from "../../lib/pieces/settle.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import { type HashedPiece, storeBlocks } from "../../lib/storage/store_blocks.ts";
import { Delivery, type Sending, TORRENTS } from "../support/delivery.ts";
import { makeTorrent, type TorrentFixture } from "../support/torrent_fixture.ts";
import { addSource, bitsOf, KIB } from "../support/torrents.ts";

/** A torrent in memory, and what the stage under test says of its pieces. */
class Rig {
  readonly delivery: Delivery;
  readonly store: MemoryStore;
  readonly guilty: SourceId[] = [];
  readonly corrupt: number[] = [];

  constructor(fixture: TorrentFixture, partial: ReadonlyMap<number, Uint8Array> = new Map()) {
    this.delivery = new Delivery(fixture, { partial });
    this.store = new MemoryStore(fixture.metainfo);
  }

  /** What is free of a piece comes, and is stored and hashed. */
  hash(piece: OpenPiece, sending: Sending): Promise<HashedPiece[]> {
    return this.hashRuns(this.delivery.fill(piece, sending));
  }

  async hashRuns(runs: readonly FullRun[]): Promise<HashedPiece[]> {
    const { delivery: { ledger }, store } = this;
    const stage = storeBlocks(ReadableStream.from([runs]), { ledger, store });
    return (await Array.fromAsync(stage)).flat();
  }

  /** Runs the stage; each batch is asked for when the one before is settled. */
  settle(batches: AsyncIterable<readonly HashedPiece[]>): Promise<(readonly number[])[]> {
    const { delivery: { ledger }, store } = this;
    return Array.fromAsync(settlePieces(batches, {
      ledger,
      store,
      onGuilty: (sources) => this.guilty.push(...sources),
      onCorrupt: (piece) => {
        assertStrictEquals(ledger.openPiece(piece.pieceIndex), piece, "it has not gone back yet");
        this.corrupt.push(piece.pieceIndex);
      },
    }));
  }
}

function reopened({ delivery: { ledger } }: Rig, pieceIndex: number): OpenPiece {
  const piece = ledger.openPiece(pieceIndex);
  assert(piece !== undefined, `piece ${pieceIndex} is open again`);
  return piece;
}

for (const [name, fixture] of TORRENTS) {
  const { pieceCount } = fixture.metainfo.geometry;

  Deno.test(`settlePieces() verifies pieces ${name} that are right`, async () => {
    const rig = new Rig(fixture);
    const { ledger } = rig.delivery;
    const { id } = addSource(ledger);
    const settled = await rig.settle((async function* () {
      for (let pieceIndex = 0; pieceIndex < pieceCount; pieceIndex++) {
        yield await rig.hash(ledger.open(pieceIndex), { source: id, content: "right" });
        assert(ledger.isVerified(pieceIndex));
      }
    })());
    assertEquals(settled, Array.from({ length: pieceCount }, (_, pieceIndex) => [pieceIndex]));
    assertEquals([ledger.isComplete, rig.guilty, rig.corrupt], [true, [], []]);
  });

  Deno.test(`settlePieces() sends wrong pieces ${name} back, and names who sent them`, async () => {
    const rig = new Rig(fixture);
    const { ledger } = rig.delivery;
    const [liar, honest] = [addSource(ledger), addSource(ledger)];
    const last = pieceCount - 1;
    const settled = await rig.settle((async function* () {
      yield await rig.hash(ledger.open(last), { source: liar.id, content: "wrong" });
      assertEquals([rig.guilty, rig.corrupt], [[liar.id], [last]]);
      assertEquals([ledger.openPiece(last), ledger.isVerified(last)], [undefined, false]);
      yield await rig.hash(ledger.open(last), { source: honest.id, content: "right" });
    })());
    assertEquals(settled, [[last]]);
    assertEquals([rig.guilty, rig.corrupt], [[liar.id], [last]]);
    assertEquals(ledger.budget.bookedBytes, 0);
  });

  Deno.test(`settlePieces() finds one liar of two in pieces ${name}`, async () => {
    const rig = new Rig(fixture);
    const { ledger } = rig.delivery;
    const [liar, honest, other] = [addSource(ledger), addSource(ledger), addSource(ledger)];
    const settled = await rig.settle((async function* () {
      const piece = ledger.open(0);
      const wrong = rig.delivery.send(piece, 1, { source: liar.id, content: "wrong" });
      const rest = rig.delivery.fill(piece, { source: honest.id, content: "right" });
      yield await rig.hashRuns([...wrong, ...rest]);
      const again = reopened(rig, 0);
      assertEquals(again.suspects, new Set([liar.id, honest.id]));
      assertEquals(rig.guilty, [], "nobody for certain");
      yield await rig.hash(again, { source: other.id, content: "right" });
    })());
    assertEquals(settled, [[0]]);
    assertEquals([rig.guilty, rig.corrupt], [[liar.id], [0]]);
  });
}

const fixture = makeTorrent({ files: 8 * 32 * KIB, pieceLength: 32 * KIB });
const RIGHT: Sending = { source: 1, content: "right" };
const WRONG: Sending = { source: 2, content: "wrong" };

async function* batchesOf(
  ...batches: readonly (readonly HashedPiece[])[]
): AsyncGenerator<readonly HashedPiece[], void, undefined> {
  yield* batches;
}

Deno.test("settlePieces() yields the right ones of a batch together, and nothing of one without", async () => {
  const rig = new Rig(fixture);
  const [a, b, c, d, e] = await Promise.all(
    [RIGHT, WRONG, RIGHT, WRONG, RIGHT].map((sending, pieceIndex) =>
      rig.hash(rig.delivery.ledger.open(pieceIndex), sending)
    ),
  );
  assert(a !== undefined && b !== undefined && c !== undefined);
  const settled = await rig.settle(batchesOf([...a, ...b, ...c], d ?? [], [], e ?? []));
  assertEquals([settled, rig.corrupt], [[[0, 2], [4]], [1, 3]]);
});

Deno.test("settlePieces() convicts nobody of what an earlier run left, but suspects who added to it", async () => {
  const rig = new Rig(fixture, new Map([[0, bitsOf(2, [0])]])); // and nothing is there
  const { ledger } = rig.delivery;
  const [one, other] = [addSource(ledger), addSource(ledger)];
  const settled = await rig.settle((async function* () {
    yield await rig.hash(reopened(rig, 0), { source: one.id, content: "right" });
    const again = reopened(rig, 0);
    assertEquals([again.suspects, again.restoredCount], [new Set([one.id]), 0]);
    yield await rig.hash(again, { source: other.id, content: "right" });
  })());
  assertEquals([settled, rig.guilty, rig.corrupt], [[[0]], [], [0]]);
});

Deno.test("settlePieces() passes on that a piece cannot be read back to find out who lied", async () => {
  const rig = new Rig(fixture);
  const { ledger } = rig.delivery;
  rig.store.digests = () => Promise.reject(new Error("disk gone"));
  const settling = rig.settle((async function* () {
    const piece = ledger.open(0);
    rig.delivery.send(piece, 1, WRONG);
    yield await rig.hash(piece, RIGHT);
    yield await rig.hash(reopened(rig, 0), { source: 3, content: "right" });
  })());
  await assertRejects(() => settling, Error, "disk gone");
  assert(!ledger.isVerified(0));
});

Deno.test("settlePieces() passes on what ends the pieces, once those before are settled", async () => {
  const rig = new Rig(fixture);
  const { ledger } = rig.delivery;
  const settling = rig.settle((async function* () {
    yield await rig.hash(ledger.open(0), RIGHT);
    throw new TypeError("enough");
  })());
  await assertRejects(() => settling, TypeError, "enough");
  assert(ledger.isVerified(0));
});
