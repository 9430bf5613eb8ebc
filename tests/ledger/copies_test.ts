import { assertEquals } from "@std/assert";
import { setBit } from "../../lib/base/bits.ts";
import { Copies } from "../../lib/ledger/copies.ts";
import { bitsOf } from "../support/torrents.ts";

Deno.test("Copies counts whole copies, ours among them", () => {
  const verified = bitsOf(4, [3]);
  const copies = new Copies(verified, 4);
  assertEquals([copies.whole, copies.openableCount], [0.25, 3]);
  copies.changeAll(bitsOf(4, [0, 1]), 1);
  assertEquals(copies.whole, 0.75);
  assertEquals([copies.add(2), copies.add(2), copies.whole], [1, 2, 1.25]);
  copies.close(0);
  assertEquals([copies.whole, copies.openableCount, copies.openableWith(1)], [1.25, 2, 1]);
  setBit(verified, 0);
  copies.verify(0);
  assertEquals(copies.whole, 1.5);
  copies.changeAll(bitsOf(4, [0, 1]), -1);
  assertEquals([copies.whole, copies.openableWith(0), copies.openableWith(2)], [0.75, 1, 1]);
});

Deno.test("close() and reopen() of what is so already change nothing", () => {
  const copies = new Copies(bitsOf(2, []), 2);
  copies.reopen(0);
  assertEquals(copies.openableCount, 2);
  for (let time = 0; time < 2; time++) copies.close(0);
  assertEquals([copies.openableCount, copies.openableWith(0)], [1, 1]);
  for (let time = 0; time < 2; time++) copies.reopen(0);
  assertEquals([copies.openableCount, copies.openableWith(0)], [2, 2]);
});

Deno.test("Copies makes room for any number of sources", () => {
  const copies = new Copies(bitsOf(9, []), 9);
  for (let sources = 1; sources <= 100; sources++) {
    if (sources % 2 === 0) copies.changeAll(bitsOf(9, [8]), 1);
    else copies.add(8);
    assertEquals([copies.of(8), copies.openableWith(sources)], [sources, 1]);
    assertEquals([copies.openableWith(0), copies.maxSources > sources], [8, true]);
  }
});

Deno.test("Copies of no piece has no whole copy", () => {
  assertEquals(new Copies(bitsOf(0, []), 0).whole, 0);
});
