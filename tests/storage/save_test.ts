import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "../../lib/base/async.ts";
import { type Ledger, LOCAL_SOURCE, type OpenPiece, type SourceId } from "../../lib/ledger.ts";
import { saveOpenPieces } from "../../lib/storage/save.ts";
import type { RunBytes } from "../../lib/storage/store.ts";
import { unhandledIn } from "../support/rejections.ts";
import {
  bitsOf,
  deliver,
  KIB,
  makeLedger,
  paddedGeometry,
  plainGeometry,
} from "../support/torrents.ts";
import { FakeStore, type Told } from "./fake_store.ts";

const [HONEST, LIAR]: readonly [SourceId, SourceId] = [5, 6];
const SYNC = { kind: "sync" } as const;

/** Blocks come, each of its number. */
function come(ledger: Ledger, piece: OpenPiece, blocks: Iterable<number>, source = HONEST): void {
  for (const block of blocks) {
    const length = ledger.geometry.requestLength(piece.pieceIndex, block);
    deliver(ledger, { piece, block, source, bytes: new Uint8Array(length).fill(block) });
  }
}

/** What a store is told of the end of a run. */
async function saved(ledger: Ledger): Promise<readonly Told[]> {
  const store = new FakeStore();
  await saveOpenPieces(ledger, store, (source) => source === LIAR);
  assertEquals([ledger.budget.bookedBytes, [...ledger.openPieces]], [0, []]);
  return store.told;
}

/** Whole blocks of piece 0, but for their length. */
function put(fields: Partial<Told & { readonly kind: "put" }>): Told {
  const lengthBytes = 16 * KIB;
  return {
    kind: "put",
    pieceIndex: 0,
    begin: 0,
    lengthBytes,
    mark: 0,
    endsPiece: false,
    ...fields,
  };
}

function partial(pieceIndex: number, count: number, blocks: readonly number[]): Told {
  return { kind: "partial", pieceIndex, blocks: bitsOf(count, blocks) };
}

Deno.test("saveOpenPieces() stores held blocks from memory, then records them, then syncs", async () => {
  const ledger = makeLedger(plainGeometry(100 * KIB, 50 * KIB));
  const piece = ledger.open(1);
  come(ledger, piece, [1, 3]);
  ledger.request(piece, 0, HONEST);
  assertEquals(await saved(ledger), [
    put({ pieceIndex: 1, begin: 16 * KIB, mark: 1 }),
    put({ pieceIndex: 1, begin: 48 * KIB, mark: 3, lengthBytes: 2 * KIB }),
    partial(1, 4, [1, 3]),
    SYNC,
  ]);
});

Deno.test("saveOpenPieces() stores neighbours together, of each run", async () => {
  const ledger = makeLedger(plainGeometry(2000 * KIB, 2000 * KIB));
  const piece = ledger.open(0);
  come(ledger, piece, [2, 3, 4, 62, 63, 64, 65]);
  assertEquals(await saved(ledger), [
    put({ begin: 32 * KIB, mark: 2, lengthBytes: 48 * KIB }),
    put({ begin: 62 * 16 * KIB, mark: 62, lengthBytes: 32 * KIB }),
    put({ begin: 64 * 16 * KIB, mark: 64, lengthBytes: 32 * KIB }),
    partial(0, 125, [2, 3, 4, 62, 63, 64, 65]),
    SYNC,
  ]);
});

Deno.test("saveOpenPieces() only records blocks that an earlier run left", async () => {
  const ledger = makeLedger(plainGeometry(64 * KIB, 64 * KIB), {
    partial: new Map([[0, bitsOf(4, [0])]]),
  });
  const [piece] = ledger.openPieces;
  if (piece !== undefined) come(ledger, piece, [2]);
  assertEquals(await saved(ledger), [
    put({ begin: 32 * KIB, mark: 2 }),
    partial(0, 4, [0, 2]),
    SYNC,
  ]);
});

Deno.test("saveOpenPieces() only records runs that are stored already", async () => {
  const ledger = makeLedger(plainGeometry(2000 * KIB, 2000 * KIB));
  const piece = ledger.open(0);
  const first = [...Array(64).keys()];
  come(ledger, piece, first);
  ledger.release(piece.runOf(0));
  come(ledger, piece, [70]);
  assertEquals(await saved(ledger), [
    put({ begin: 70 * 16 * KIB, mark: 70 }),
    partial(0, 125, [...first, 70]),
    SYNC,
  ]);
});

Deno.test("saveOpenPieces() leaves out what liars sent, stored or not", async () => {
  const ledger = makeLedger(plainGeometry(2000 * KIB, 2000 * KIB));
  const piece = ledger.open(0);
  come(ledger, piece, [0, 1], LIAR);
  come(ledger, piece, Array.from({ length: 62 }, (_, at) => at + 2));
  ledger.release(piece.runOf(0));
  come(ledger, piece, [64, 66]);
  come(ledger, piece, [65], LIAR);
  assertEquals(await saved(ledger), [
    put({ begin: 64 * 16 * KIB, mark: 64 }),
    put({ begin: 66 * 16 * KIB, mark: 66 }),
    partial(0, 125, [...Array.from({ length: 62 }, (_, at) => at + 2), 64, 66]),
    SYNC,
  ]);
});

Deno.test("saveOpenPieces() passes over pieces of which nothing has come", async () => {
  const ledger = makeLedger(paddedGeometry([20 * KIB, -44 * KIB, 64 * KIB], 64 * KIB));
  ledger.request(ledger.open(0), 0, HONEST);
  ledger.request(ledger.open(1), 0, HONEST);
  assertEquals(await saved(ledger), [SYNC]);
  assertEquals(LOCAL_SOURCE, 0);
});

const FAILURES: readonly (readonly [string, (run: RunBytes) => Promise<never>])[] = [
  ["rejects with", () => Promise.reject(new Error("disk full"))],
  ["rejects with later", () => delay(1).then(() => Promise.reject(new Error("disk full")))],
  ["throws", () => {
    throw new Error("disk full");
  }],
];

for (const [name, fail] of FAILURES) {
  Deno.test(`saveOpenPieces() passes on what the store ${name}, and leaves no rejection unhandled`, async () => {
    const ledger = makeLedger(plainGeometry(128 * KIB, 64 * KIB));
    for (const pieceIndex of [0, 1]) come(ledger, ledger.open(pieceIndex), [0, 2]);
    const store = new FakeStore(fail);
    const saving = () => saveOpenPieces(ledger, store, () => false);
    const unhandled = await unhandledIn(() => assertRejects(saving, Error, "disk full"));
    assertEquals(unhandled, []);
  });
}
