import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Channel, delay } from "../../lib/base/async.ts";
import type { FullRun } from "../../lib/blocks/request.ts";
import { LOCAL_SOURCE, type OpenPiece } from "../../lib/ledger.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import type { Outcome, RunBytes, Store } from "../../lib/storage/store.ts";
import { type HashedPiece, partsOf, storeBlocks } from "../../lib/storage/store_blocks.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { Delivery, type Sending, TORRENTS } from "../support/delivery.ts";
import { unhandledIn } from "../support/rejections.ts";
import { assertSameBytes, KIB } from "../support/swarm.ts";
import { makeTorrent } from "../support/torrent_fixture.ts";
import { bitsOf } from "../support/torrents.ts";
import { randomOf } from "../torrent/helpers.ts";
import { pieceOf, putAt } from "./fixture.ts";
import { FakeStore } from "./fake_store.ts";

const RIGHT: Sending = { source: 1, content: "right" };
const WRONG: Sending = { source: 2, content: "wrong" };

/** Runs the stage over batches, to its end. */
async function storeAll(
  { ledger }: Delivery,
  store: Store,
  batches: Iterable<readonly FullRun[]>,
): Promise<readonly HashedPiece[]> {
  const stage = storeBlocks(ReadableStream.from(batches), { ledger, store });
  return (await Array.fromAsync(stage)).flat();
}

for (const [name, fixture] of TORRENTS) {
  const { metainfo } = fixture;
  const pieceIndices = [...Array(metainfo.geometry.pieceCount).keys()];

  Deno.test(`storeBlocks() stores pieces ${name}, and yields each once, right`, async () => {
    const delivery = new Delivery(fixture);
    const store = new MemoryStore(metainfo);
    for (const pieceIndex of pieceIndices) {
      const piece = delivery.ledger.open(pieceIndex);
      const full = delivery.fill(piece, RIGHT);
      assert(delivery.ledger.budget.bookedBytes > 0);
      const [hashed, ...more] = await storeAll(delivery, store, full.map((run) => [run]));
      assertEquals([hashed?.outcome, more], [{ kind: "right" }, []]);
      assertStrictEquals(hashed?.piece, piece);
      assertEquals(delivery.ledger.budget.bookedBytes, 0);
      delivery.ledger.verify(piece);
    }
    assertSameBytes(store.bytes, fixture.content);
  });

  Deno.test(`storeBlocks() tells which of pieces ${name} are wrong, and in which block`, async () => {
    const delivery = new Delivery(fixture);
    const store = new MemoryStore(metainfo);
    for (const pieceIndex of pieceIndices) {
      const piece = delivery.ledger.open(pieceIndex);
      const block = piece.firstFree();
      const full = [...delivery.send(piece, block, WRONG), ...delivery.fill(piece, RIGHT)];
      const [hashed] = await storeAll(delivery, store, [full]);
      assert(hashed?.outcome.kind === "wrong");
      assertEquals(delivery.ledger.budget.bookedBytes, 0);
      delivery.ledger.reject(piece, undefined);
      const again = delivery.ledger.open(pieceIndex);
      const [second] = await storeAll(delivery, store, [delivery.fill(again, RIGHT)]);
      assertEquals(second?.outcome, { kind: "right" });
      const right = await store.digests(pieceIndex);
      const { digests } = hashed.outcome;
      assertEquals(digests.length, piece.blockCount);
      assertEquals(right.flatMap((digest, at) => digest === digests[at] ? [] : [at]), [block]);
      delivery.ledger.verify(again);
    }
  });

  Deno.test(`storeBlocks() stores pieces ${name}, whatever the order in which blocks come`, async () => {
    for (const seed of [1, 2, 3]) {
      const random = randomOf(seed);
      const delivery = new Delivery(fixture);
      const store = new MemoryStore(metainfo);
      const pieces = pieceIndices.map((pieceIndex) => delivery.ledger.open(pieceIndex));
      const blocks = pieces.flatMap((piece) =>
        [...piece.states.keys()].filter((block) => piece.states[block] === 0)
          .map((block) => ({ piece, block, at: random(2 ** 30) }))
      );
      const full = blocks.toSorted((a, b) => a.at - b.at)
        .flatMap(({ piece, block }) => delivery.send(piece, block, RIGHT));
      const hashed = await storeAll(delivery, store, full.map((run) => [run]));
      assertEquals(new Set(hashed.map(({ piece }) => piece)), new Set(pieces));
      assert(hashed.every(({ outcome }) => outcome.kind === "right"));
      assertSameBytes(store.bytes, fixture.content);
    }
  });
}

const fixture = makeTorrent({ files: 2500 * KIB, pieceLength: 2500 * KIB });
const shortPieces = makeTorrent({ files: 8 * 32 * KIB, pieceLength: 32 * KIB });

/** Blocks that an earlier run left of the piece of three runs: some of the first, all of the second. */
const RESTORED = [0, 5, 63, ...Array.from({ length: 64 }, (_, at) => 64 + at)];

Deno.test("storeBlocks() puts in parts what an earlier run began, and nothing that is stored", async () => {
  const partial = new Map([[0, bitsOf(157, RESTORED)]]);
  const delivery = new Delivery(fixture, { partial });
  const memory = new MemoryStore(fixture.metainfo);
  for (const block of RESTORED) {
    const offset = block * BLOCK_LENGTH;
    const bytes = fixture.content.subarray(offset, offset + BLOCK_LENGTH);
    await putAt(memory, fixture.metainfo, { offset, bytes });
  }
  const store = new FakeStore(async (run) => (await memory.put([run]))[0] ?? { kind: "stored" });
  const [piece] = delivery.ledger.openPieces;
  assert(piece !== undefined);
  const full = delivery.fill(piece, RIGHT);
  const hashed = await storeAll(delivery, store, full.map((run) => [run]));
  assertEquals(hashed.map(({ outcome }) => outcome), [{ kind: "right" }]);
  const puts = store.told.map((told) =>
    told.kind === "put" ? [told.begin / BLOCK_LENGTH, told.lengthBytes, told.endsPiece] : []
  );
  assertEquals(puts, [
    [1, 4 * BLOCK_LENGTH, false],
    [6, 57 * BLOCK_LENGTH, false],
    [128, 28 * BLOCK_LENGTH + 4 * KIB, true],
  ]);
  assertSameBytes(memory.bytes, fixture.content);
});

Deno.test("storeBlocks() yields the right and wrong ones of a batch together, in order", async () => {
  const delivery = new Delivery(shortPieces);
  const full = [RIGHT, WRONG, RIGHT].flatMap((sending, pieceIndex) =>
    delivery.fill(delivery.ledger.open(pieceIndex), sending)
  );
  const { ledger } = delivery;
  const store = new MemoryStore(shortPieces.metainfo);
  const batches = await Array.fromAsync(
    storeBlocks(ReadableStream.from([full]), { ledger, store }),
  );
  const told = batches.map((batch) =>
    batch.map(({ piece, outcome }) => [piece.pieceIndex, outcome.kind])
  );
  assertEquals(told, [[[0, "right"], [1, "wrong"], [2, "right"]]]);
  assertEquals(store.bytes.slice(0, 32 * KIB), new Uint8Array(pieceOf(shortPieces, 0)));
  assertEquals(store.bytes.slice(32 * KIB, 64 * KIB), new Uint8Array(32 * KIB));
});

/** What is put, to be answered by the test. */
class Desk {
  readonly answers: PromiseWithResolvers<Outcome>[] = [];
  readonly store = new FakeStore(() => {
    const answer = Promise.withResolvers<Outcome>();
    this.answers.push(answer);
    return answer.promise;
  });
}

Deno.test("storeBlocks() waits for no put before the next, and gives memory back after each batch", async () => {
  const delivery = new Delivery(shortPieces);
  const { ledger } = delivery;
  const desk = new Desk();
  using batches = new Channel<readonly FullRun[]>();
  const stage = storeBlocks(batches, { ledger, store: desk.store });
  const first = stage.next();
  const pieces = [0, 1, 2, 3].map((pieceIndex) => ledger.open(pieceIndex));
  const [a = [], b = [], c = [], d = []] = pieces.map((piece) => delivery.fill(piece, RIGHT));
  for (const batch of [[...a, ...b], c, d]) batches.push(batch);
  await delay(0);
  assertEquals(desk.answers.length, 4, "all are put, none is done");
  const heldBy = () => pieces.map((piece) => piece.runOf(0).start !== undefined);
  assertEquals([heldBy(), ledger.budget.bookedBytes], [[true, true, true, true], 4 * 32 * KIB]);
  desk.answers[2]?.resolve({ kind: "right" });
  await delay(0);
  assertEquals(heldBy(), [true, true, false, true], "though earlier ones are not done");
  desk.answers[1]?.resolve({ kind: "wrong", digests: [] });
  await delay(0);
  assertEquals(heldBy(), [true, true, false, true], "half of the batch is not done");
  desk.answers[0]?.resolve({ kind: "right" });
  assertEquals((await first).value?.map(({ piece }) => piece), pieces.slice(0, 2));
  assertEquals(heldBy(), [false, false, false, true]);
  desk.answers[3]?.resolve({ kind: "right" });
  batches.close();
  assertEquals((await Array.fromAsync(stage)).flat().map(({ piece }) => piece), pieces.slice(2));
  assertEquals([heldBy(), ledger.budget.bookedBytes], [[false, false, false, false], 0]);
});

/** Which of the puts of two batches fail: 0 and 1 are of the first. */
const FAILURES: readonly (readonly [string, readonly number[]])[] = [
  ["a put", [0]],
  ["the last put of a batch", [1]],
  ["every put of a batch", [0, 1]],
  ["every put", [0, 1, 2]],
];

for (const [name, failing] of FAILURES) {
  Deno.test(`storeBlocks() passes on that ${name} failed, and leaves no rejection unhandled`, async () => {
    const delivery = new Delivery(shortPieces);
    const [a = [], b = [], c = []] = [0, 1, 2].map((pieceIndex) =>
      delivery.fill(delivery.ledger.open(pieceIndex), RIGHT)
    );
    let count = 0;
    const store = new FakeStore(() =>
      failing.includes(count++)
        ? Promise.reject(new Error("disk gone"))
        : Promise.resolve({ kind: "right" })
    );
    const storing = () => storeAll(delivery, store, [[...a, ...b], c]);
    const unhandled = await unhandledIn(() => assertRejects(storing, Error, "disk gone"));
    assertEquals(unhandled, []);
  });
}

Deno.test("storeBlocks() passes on what ends the blocks", async () => {
  const { ledger } = new Delivery(shortPieces);
  using batches = new Channel<readonly FullRun[]>();
  const stage = storeBlocks(batches, { ledger, store: new FakeStore() });
  const next = stage.next();
  batches.fail(new TypeError("enough"));
  await assertRejects(() => next, TypeError, "enough");
});

/** Which blocks come, by source, and the stretches of those that are wanted: first block, and how many. */
const PARTS: readonly (readonly [string, Readonly<Record<number, number>>, readonly string[]])[] = [
  ["nothing has come", {}, []],
  ["all have come", { 0: 1, 1: 1, 2: 1, 3: 1, 4: 1 }, ["0+5"]],
  ["the ends have come", { 0: 1, 4: 1 }, ["0+1", "4+1"]],
  ["several sources sent some", { 0: 1, 1: 3, 3: 4 }, ["0+2", "3+1"]],
  ["one of them is not wanted", { 0: 1, 1: 2, 2: 1, 3: 1 }, ["0+1", "2+2"]],
  ["none is wanted", { 0: 2, 1: 2 }, []],
];

for (const [name, sources, expected] of PARTS) {
  Deno.test(`partsOf() takes what lies together in memory: ${name}`, () => {
    const odd = makeTorrent({ files: 70_001, pieceLength: 70_001 });
    const delivery = new Delivery(odd);
    const piece = delivery.ledger.open(0);
    for (const [block, source] of Object.entries(sources)) {
      delivery.send(piece, Number(block), { source, content: "right" });
    }
    const parts = [...partsOf(delivery.ledger, piece.runOf(0), (source) => source !== 2)];
    assertEquals(parts.map(stretchOf), expected);
    for (const { begin, bytes } of parts) {
      assertEquals(bytes.slice(), odd.content.slice(begin, begin + bytes.length));
    }
  });
}

function stretchOf({ begin, bytes }: Omit<RunBytes, "endsPiece">): string {
  return `${begin / BLOCK_LENGTH}+${Math.ceil(bytes.length / BLOCK_LENGTH)}`;
}

Deno.test("partsOf() leaves out what was there already", () => {
  const delivery = new Delivery(fixture, { partial: new Map([[0, bitsOf(157, [64, 66])]]) });
  const [piece] = delivery.ledger.openPieces;
  assert(piece !== undefined);
  for (const block of [65, 67, 0]) delivery.send(piece, block, RIGHT);
  const parts = partsOf(delivery.ledger, runAt(piece, 1), (source) => source !== LOCAL_SOURCE);
  assertEquals([...parts].map(stretchOf), ["65+1", "67+1"]);
});

function runAt(piece: OpenPiece, index: number) {
  return piece.runOf(index * 64);
}
