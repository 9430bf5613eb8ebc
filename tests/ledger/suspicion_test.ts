import { assert, assertEquals } from "@std/assert";
import { addSource, KIB, makeLedger, plainGeometry } from "../support/torrents.ts";

Deno.test("maySupply() prefers one source that is not suspected, and keeps to it", () => {
  const ledger = makeLedger(plainGeometry(32 * KIB, 32 * KIB));
  const [suspect, honest, other] = [addSource(ledger), addSource(ledger), addSource(ledger)];
  for (const source of [suspect, honest, other]) source.bytesPerMs = 100;
  const piece = ledger.open(0, new Set([suspect.id]));
  const allowed = () =>
    [suspect, honest, other].filter((source) => ledger.maySupply(piece, source));
  assertEquals(allowed(), [honest, other]);
  piece.soleSource = honest.id;
  assertEquals(allowed(), [honest]);
  ledger.setServing(honest, "silent");
  assertEquals(allowed(), [honest, other]);
  other.bytesPerMs = 1;
  assertEquals(allowed(), [suspect, honest, other]);
});

Deno.test("maySupply() lets one take over that is much faster than the one that fetches the piece", () => {
  const ledger = makeLedger(plainGeometry(32 * KIB, 32 * KIB));
  const [suspect, slow, fast] = [addSource(ledger), addSource(ledger), addSource(ledger)];
  const piece = ledger.open(0, new Set([suspect.id]));
  piece.soleSource = slow.id;
  suspect.bytesPerMs = fast.bytesPerMs = 100;
  const allowed = () => [suspect, slow, fast].filter((source) => ledger.maySupply(piece, source));
  assertEquals(allowed(), [slow], "nothing is known of it yet");
  slow.bytesPerMs = 1;
  assertEquals(allowed(), [slow, fast]);
  piece.soleSource = fast.id;
  assertEquals(allowed(), [fast]);
});

Deno.test("maySupply() lets a suspect supply when nobody else serves the piece", () => {
  const ledger = makeLedger(plainGeometry(32 * KIB, 16 * KIB));
  const [suspect, honest] = [addSource(ledger), addSource(ledger, [1])];
  honest.bytesPerMs = 100;
  const piece = ledger.open(0, new Set([suspect.id]));
  assert(ledger.maySupply(piece, suspect));
  ledger.holdings.addHave(honest, 0);
  assert(!ledger.maySupply(piece, suspect));
  ledger.removeSource(honest);
  assert(ledger.maySupply(piece, suspect));
});

Deno.test("removeSource() frees the pieces that the source was alone to fetch", () => {
  const ledger = makeLedger(plainGeometry(16 * KIB, 16 * KIB));
  const [sole, other] = [addSource(ledger), addSource(ledger)];
  const piece = ledger.open(0, new Set([99]));
  piece.soleSource = sole.id;
  assert(!ledger.maySupply(piece, other));
  ledger.removeSource(sole);
  assert(ledger.maySupply(piece, other));
});
