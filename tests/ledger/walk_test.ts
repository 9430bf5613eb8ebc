import { assertEquals } from "@std/assert";
import type { Geometry } from "../../lib/torrent/geometry.ts";
import { bitsOf, KIB, makeLedger, paddedGeometry, plainGeometry } from "../support/torrents.ts";
import { randomOf } from "../torrent/helpers.ts";
import { checkInterest, checkInvariants } from "./invariants.ts";
import { Walk } from "./walk.ts";

const TORRENTS: readonly (readonly [string, Geometry])[] = [
  ["pieces of four blocks and a short one", plainGeometry(7 * 64 * KIB + 5, 64 * KIB)],
  ["pieces that are no whole blocks", plainGeometry(9 * 50_000 + 1, 50_000)],
  ["pieces shorter than a block", plainGeometry(1000, 128)],
  ["more pieces than are looked at", plainGeometry(600 * 16, 16)],
  ["one block", plainGeometry(1, 16 * KIB)],
  ["files padded to pieces", paddedGeometry([30_000, -2_768, 1, -32_767, 90_000], 32 * KIB)],
  ["pieces of several runs", plainGeometry(9 * 1024 * KIB, 4096 * KIB + 1)],
  ["more than the budget is for", plainGeometry(50 * 1024 * KIB, 1024 * KIB)],
  ["one piece that is", plainGeometry(40 * 1024 * KIB, 40 * 1024 * KIB)],
];

for (const [name, geometry] of TORRENTS) {
  Deno.test(`Ledger of ${name} keeps its counts in a random walk`, () => {
    for (let seed = 1; seed <= 2; seed++) {
      const partial = new Map([[0, bitsOf(geometry.blockCount(0), [0])]]);
      const ledger = makeLedger(geometry, { partial });
      checkInvariants(ledger);
      const walk = new Walk(ledger, randomOf(seed));
      const isLarge = geometry.blockCount(0) > 100 || geometry.pieceCount > 100;
      for (let step = 0; step < (isLarge ? 100 : 400); step++) {
        walk.step();
        checkInvariants(ledger);
        if (step % 7 === 0) checkInterest(ledger);
      }
      walk.end();
      checkInvariants(ledger);
      assertEquals(ledger.budget.bookedBytes, 0);
    }
  });
}
