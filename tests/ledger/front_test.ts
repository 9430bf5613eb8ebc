import { assert, assertEquals } from "@std/assert";
import { emptyBits } from "../../lib/base/bits.ts";
import { Copies } from "../../lib/ledger/copies.ts";
import { Front, type Holder } from "../../lib/ledger/front.ts";
import { bitsOf, randomFractionOf } from "../support/torrents.ts";

const LENGTH = 100;
const EVERYBODY: Holder = { isComplete: true, bits: undefined, has: () => true };
const NOBODY: Holder = { isComplete: false, bits: undefined, has: () => false };

function make(pieceCount: number, minCopies: number): { copies: Copies; front: Front } {
  const copies = new Copies(emptyBits(pieceCount), pieceCount);
  const front = new Front(copies, { length: LENGTH, minCopies, random: randomFractionOf(1) });
  return { copies, front };
}

/** Opens whatever it picks, until there is nothing more. */
function drain(copies: Copies, front: Front): number[] {
  const picked: number[] = [];
  for (;;) {
    const pieceIndex = front.pick(EVERYBODY);
    if (pieceIndex === undefined) return picked;
    copies.close(pieceIndex);
    picked.push(pieceIndex);
  }
}

Deno.test("collect() takes a sample, from all over, of more equals than it has room for", () => {
  for (const pieceCount of [LENGTH + 1, 150, 199, 10_000]) {
    const { copies, front } = make(pieceCount, 0);
    assertEquals([front.isWorn, front.isWhole, front.pick(EVERYBODY)], [true, false, undefined]);
    front.collect();
    assertEquals([front.isWorn, front.isWhole], [false, false]);
    const picked = drain(copies, front);
    assertEquals(new Set(picked).size, picked.length);
    assert(picked.length >= LENGTH && picked.length < 2 * LENGTH, `${picked.length} pieces`);
    const below = picked.filter((pieceIndex) => pieceIndex < pieceCount / 2).length;
    assert(Math.abs(below - picked.length / 2) <= 1, `${below} in the first half`);
  }
});

Deno.test("collect() takes all of the rarest, and of the next a sample", () => {
  const { copies, front } = make(1000, 1);
  copies.changeAll(bitsOf(1000, Array(900).keys()), 1);
  copies.changeAll(bitsOf(1000, Array(870).keys()), 1);
  front.collect();
  const picked = drain(copies, front);
  assertEquals(
    new Set(picked.slice(0, 30)),
    new Set(Array.from({ length: 30 }, (_, n) => 870 + n)),
  );
  assert(picked.slice(30).every((pieceIndex) => pieceIndex < 870));
  assert(picked.length >= LENGTH && picked.length < 2 * LENGTH, `${picked.length} pieces`);
});

Deno.test("Front is whole when it has room for all, and stays so while pieces are opened", () => {
  const { copies, front } = make(LENGTH, 0);
  front.collect();
  assert(front.isWhole);
  assertEquals(drain(copies, front).length, LENGTH);
  assertEquals([front.isWhole, front.isWorn], [true, false]);
  copies.reopen(7);
  front.note(7, 0);
  assertEquals(front.pick(EVERYBODY), 7);
});

Deno.test("Front is worn when less than half of it is left", () => {
  const { copies, front } = make(10_000, 0);
  front.collect();
  let count = 0;
  for (; !front.isWorn; count++) {
    copies.close(front.pick(EVERYBODY) ?? 0);
    assertEquals(front.pick(NOBODY), undefined);
  }
  assertEquals(count, LENGTH / 2 + 1);
});

Deno.test("note() lists a piece once, however often its copies change", () => {
  const { copies, front } = make(LENGTH, 0);
  front.collect();
  for (let round = 0; round < LENGTH * 10; round++) front.note(3, copies.add(3));
  assert(front.isWhole);
  assertEquals(new Set(drain(copies, front)).size, LENGTH);
});

Deno.test("note() of more than a front can grow by gives it up", () => {
  const { copies, front } = make(10_000, 1);
  front.collect();
  assert(front.isWhole);
  let pieceIndex = 0;
  while (front.isWhole) front.note(pieceIndex, copies.add(pieceIndex++));
  assert(pieceIndex < LENGTH * 10);
  assertEquals([front.isWorn, front.pick(EVERYBODY)], [true, undefined]);
});

Deno.test("lower() moves each piece to what it has now", () => {
  const { copies, front } = make(1000, 1);
  const all = [...Array(1000).keys()];
  copies.changeAll(bitsOf(1000, all), 1);
  copies.changeAll(bitsOf(1000, all), 1);
  copies.changeAll(bitsOf(1000, all.filter((pieceIndex) => pieceIndex !== 500)), 1);
  front.collect();
  assertEquals(front.pick(EVERYBODY), 500);
  copies.changeAll(bitsOf(1000, all), -1);
  front.lower();
  assertEquals([front.pick(EVERYBODY), copies.of(500)], [500, 1]);
  copies.changeAll(bitsOf(1000, [500]), -1);
  front.lower();
  assert(front.pick(EVERYBODY) !== 500, "nobody has it");
});
