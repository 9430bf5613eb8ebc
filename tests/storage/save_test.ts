import { assertEquals, assertRejects } from "@std/assert";
import { type Ledger, LOCAL_SOURCE } from "../../lib/ledger.ts";
import { BUDGET_BYTES } from "../../lib/ledger/budget.ts";
import { saveOpenPieces } from "../../lib/storage/save.ts";
import type { Store } from "../../lib/storage/store.ts";
import { bitsOf, KIB, makeLedger, paddedGeometry, plainGeometry } from "../support/torrents.ts";

/** A store that only writes down what it is told. */
class FakeStore implements Store {
  readonly output = "";
  readonly told: (readonly unknown[])[] = [];

  async *check(): ReturnType<Store["check"]> {
    yield* [];
    return { verified: new Uint8Array(), partial: new Map() };
  }

  write(offset: number, bytes: Uint8Array): void {
    this.told.push(["write", offset, bytes.length, bytes[0]]);
  }

  read(): Promise<void> {
    return Promise.resolve();
  }

  recordVerified(): void {
    this.told.push(["verified"]);
  }

  recordPartial(pieceIndex: number, blocks: Uint8Array): void {
    this.told.push(["partial", pieceIndex, blocks]);
  }

  sync(): Promise<void> {
    this.told.push(["sync"]);
    return Promise.resolve();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** What a store is told of the end of a run. */
async function saved(ledger: Ledger): Promise<(readonly unknown[])[]> {
  const store = new FakeStore();
  await saveOpenPieces(ledger, store, () => false);
  assertEquals([ledger.budget.freeBytes, [...ledger.openPieces]], [BUDGET_BYTES, []]);
  return store.told;
}

Deno.test("saveOpenPieces() writes held blocks from memory, then records them, then syncs", async () => {
  const ledger = makeLedger(plainGeometry(100 * KIB, 50 * KIB));
  const piece = ledger.open(1);
  piece.buffer?.fill(7);
  for (const block of [1, 3]) ledger.hold(piece, block, 5);
  ledger.request(piece, 0, 5);
  assertEquals(await saved(ledger), [
    ["write", 66 * KIB, 16 * KIB, 7],
    ["write", 98 * KIB, 2 * KIB, 7],
    ["partial", 1, bitsOf(4, [1, 3])],
    ["sync"],
  ]);
});

Deno.test("saveOpenPieces() only records blocks that were written in place", async () => {
  const partial = new Map([[0, bitsOf(4, [0])]]);
  const ledger = makeLedger(plainGeometry(64 * KIB, 64 * KIB), { partial });
  const [piece] = ledger.openPieces;
  if (piece !== undefined) ledger.hold(piece, 2, 5);
  assertEquals(await saved(ledger), [["partial", 0, bitsOf(4, [0, 2])], ["sync"]]);
});

Deno.test("saveOpenPieces() passes over pieces of which nothing has come", async () => {
  const ledger = makeLedger(paddedGeometry([20 * KIB, -44 * KIB, 64 * KIB], 64 * KIB));
  ledger.request(ledger.open(0), 0, 5);
  ledger.request(ledger.open(1), 0, 5);
  assertEquals(await saved(ledger), [["sync"]]);
  assertEquals(LOCAL_SOURCE, 0);
});

Deno.test("saveOpenPieces() passes on what the store throws", async () => {
  const ledger = makeLedger(plainGeometry(64 * KIB, 64 * KIB));
  ledger.hold(ledger.open(0), 0, 5);
  const store = new FakeStore();
  store.write = () => {
    throw new Error("disk full");
  };
  await assertRejects(() => saveOpenPieces(ledger, store, () => false), Error, "disk full");
});
