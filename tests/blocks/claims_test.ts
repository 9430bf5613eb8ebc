import { assert, assertEquals } from "@std/assert";
import { makePeerId, toPeerId } from "../../lib/base/identity.ts";
import { Claims } from "../../lib/blocks/claims.ts";
import { addSource, makeLedger, plainGeometry } from "../support/torrents.ts";

const PIECES = 800;

Deno.test("Claims let every piece fall to just one of those of our kind, and to each about as many", () => {
  const ledger = makeLedger(plainGeometry(PIECES, 1));
  const ids = Array.from({ length: 8 }, makePeerId);
  const counts = ids.map((own) => {
    const claims = new Claims(own);
    for (const id of ids) if (id !== own) claims.join(addSource(ledger, []), id);
    return [...Array(PIECES).keys()].filter((index) => claims.isOurs(index));
  });
  assertEquals(counts.flat().toSorted((a, b) => a - b), [...Array(PIECES).keys()]);
  assert(counts.every(({ length }) => length > PIECES / 16 && length < PIECES / 4));
});

Deno.test("Claims leave nothing to seeds, to other kinds, and to those who have gone", () => {
  const ledger = makeLedger(plainGeometry(PIECES, 1));
  const claims = new Claims(makePeerId());
  const other = makePeerId().fill(0x2d, 0, 8);
  claims.join(addSource(ledger, []), toPeerId(other));
  claims.join(addSource(ledger), makePeerId());
  const gone = addSource(ledger, []);
  claims.join(gone, makePeerId());
  const all = () => [...Array(PIECES).keys()].every((index) => claims.isOurs(index));
  assert(!all());
  claims.leave(gone);
  assert(all());
});
