import { assertEquals } from "@std/assert";
import { pickBlocks } from "../../lib/blocks/picker.ts";
import type { Ledger, Source } from "../../lib/ledger.ts";
import { addSource, KIB, makeLedger, plainGeometry } from "../support/torrents.ts";

const MIB = 1024 * KIB;

/** Picks up to `count` blocks. @returns them as "piece:block" */
function pick(ledger: Ledger, source: Source, count: number): string[] {
  const picked: string[] = [];
  const doubling = { mayHelp: () => false, helpsWith: () => false };
  const ask = ({ pieceIndex }: { readonly pieceIndex: number }, block: number) => {
    picked.push(`${pieceIndex}:${block}`);
  };
  pickBlocks({ ledger, source, doubling, isOurs: () => true, ask }, count, "usual");
  return picked;
}

Deno.test("pickBlocks() finishes what is paid for behind what is not, the budget spent", () => {
  const ledger = makeLedger(plainGeometry(64 * MIB, 2 * MIB));
  const piece = ledger.open(0);
  const asked = Array(66).keys().toArray();
  for (const block of asked) ledger.request(piece, block, 99);
  ledger.hold(piece, 64, 99);
  for (const block of asked) ledger.unrequest(piece, block);
  pick(ledger, addSource(ledger, Array(32).keys().drop(1)), 2000);
  const behind = Array(63).keys().map((index) => `0:${65 + index}`).toArray();
  assertEquals(pick(ledger, addSource(ledger, [0]), 100), behind);
});
