import { assert, assertEquals } from "@std/assert";
import { fairShare, leastShare, type Sharer } from "../../lib/blocks/shares.ts";
import { randomOf } from "../torrent/helpers.ts";

Deno.test("fairShare() gives the modest what they want, and the others equal parts", async (t) => {
  const rows: readonly (readonly [string, number[], number, number])[] = [
    ["nobody", [], 100, Infinity],
    ["one who wants less than there is", [70], 100, Infinity],
    ["one who wants more", [700], 100, 100],
    ["all of them alike", [100, 100, 100, 100], 100, 25],
    ["one slow among fast ones", [4, 100, 100], 100, 48],
    ["one fast among slow ones", [2, 3, 1000, 5], 100, 90],
    ["enough to the last", [10, 20, 70], 100, Infinity],
    ["nothing to give", [1, 2], 0, 0],
  ];
  for (const [words, wants, total, share] of rows) {
    await t.step(words, () => assertEquals(fairShare(wants, total), share));
  }
});

Deno.test("leastShare() is a turn only where turns cost no time", async (t) => {
  const fast: Sharer = { isLimited: false, isSaturated: true, isNear: true, blockMs: 0.1 };
  const rows: readonly (readonly [string, Partial<Sharer>, number])[] = [
    ["of a fast one nearby, that waits for us", {}, 192],
    ["of one nearby of which nothing is known", { blockMs: undefined }, 192],
    ["of one that sends less in a quarter of a second", { blockMs: 2.5 }, 100],
    ["of one that sends hardly a full run or two in that", { blockMs: 250 / 64 }, 64],
    ["of one that sends less than that", { blockMs: 4 }, 4],
    ["where nobody waits for us", { isSaturated: false }, 4],
    ["of one that is not near", { isNear: false }, 4],
    ["under a limit", { isLimited: true }, 1],
  ];
  for (const [words, change, share] of rows) {
    await t.step(words, () => assertEquals(leastShare({ ...fast, ...change }), share));
  }
});

Deno.test("fairShare() spends all there is, when it is not enough", () => {
  const random = randomOf(1);
  for (let round = 0; round < 200; round++) {
    const wants = Array.from({ length: 1 + random(50) }, () => random(500));
    const total = random(3000);
    const share = fairShare(wants, total);
    const spent = wants.reduce((sum, want) => sum + Math.min(want, share), 0);
    if (share === Infinity) assert(spent <= total);
    else assert(Math.abs(spent - total) < 1e-6, `${spent} of ${total}`);
  }
});
