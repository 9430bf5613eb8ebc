import { assertEquals } from "@std/assert";
import { isWorthDoubling } from "../../lib/blocks/doubling.ts";

/** What is known of the one in question and of the one that is asked, and which places it may take. */
const CASES = [
  { ownMs: undefined, othersMs: undefined, takes: "the second" },
  { ownMs: 10, othersMs: undefined, takes: "the second" },
  { ownMs: undefined, othersMs: Infinity, takes: "the second" },
  { ownMs: 10, othersMs: Infinity, takes: "both" },
  { ownMs: undefined, othersMs: 10_000, takes: "neither" },
  { ownMs: 10, othersMs: 120, takes: "neither" },
  { ownMs: 10, othersMs: 121, takes: "both" },
] as const;

for (const { ownMs, othersMs, takes } of CASES) {
  Deno.test(`isWorthDoubling: own ${ownMs} ms, other ${othersMs} ms: takes ${takes} place`, () => {
    const known = { ownMs, othersMs };
    assertEquals(isWorthDoubling({ ...known, isLastPlace: false }), takes !== "neither");
    assertEquals(isWorthDoubling({ ...known, isLastPlace: true }), takes === "both");
  });
}
