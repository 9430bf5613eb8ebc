import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Budget, BUDGET_BYTES, MAX_BUFFERED_PIECE_LENGTH } from "../../lib/ledger/budget.ts";

const MIB = 1024 * 1024;

Deno.test("takeBuffer() leaves a quarter of the budget to blocks written in place", () => {
  const budget = new Budget(MIB);
  let buffers = 0;
  while (budget.takeBuffer() !== undefined) buffers++;
  assertEquals(buffers, 24);
  assert(!budget.hasBuffer);
  assertEquals(budget.freeBytes, BUDGET_BYTES - 24 * MIB);
});

Deno.test("takeBuffer() gives none for what was asked for in place", () => {
  const budget = new Budget(MIB);
  budget.takeRequest(BUDGET_BYTES - MIB / 2);
  assertEquals(budget.takeBuffer(), undefined);
  budget.giveRequest(MIB / 2);
  assert(budget.takeBuffer() !== undefined);
});

Deno.test("giveBuffer() takes back the part that a short piece used, and lends the whole again", () => {
  const budget = new Budget(1000);
  const buffer = budget.takeBuffer();
  assert(buffer !== undefined);
  budget.giveBuffer(buffer.subarray(0, 10));
  assertEquals(budget.freeBytes, BUDGET_BYTES);
  const again = budget.takeBuffer();
  assertStrictEquals(again?.buffer, buffer.buffer);
  assertEquals(again?.length, 1000);
});

const LENGTHS: readonly (readonly [string, number, boolean])[] = [
  ["holds pieces of 4 MiB", MAX_BUFFERED_PIECE_LENGTH, false],
  ["writes longer pieces in place", MAX_BUFFERED_PIECE_LENGTH + 1, true],
  ["writes a piece of 512 MiB in place", 512 * MIB, true],
];

for (const [name, pieceLength, neverBuffers] of LENGTHS) {
  Deno.test(`Budget ${name}`, () => {
    const budget = new Budget(pieceLength);
    assertEquals(budget.neverBuffers, neverBuffers);
    assertEquals(budget.takeBuffer() === undefined, neverBuffers);
  });
}
