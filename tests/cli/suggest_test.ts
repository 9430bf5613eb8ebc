import { assertEquals } from "@std/assert";
import { nearest } from "../../lib/cli/suggest.ts";

Deno.test("nearest() finds the word that was meant, or none", () => {
  const known = ["--output", "--port", "--peer", "--json"];
  const rows: [string, string | undefined][] = [
    ["--ouput", "--output"],
    ["--prot", "--port"],
    ["--jsno", "--json"],
    ["--peers", "--peer"],
    ["--xyz", undefined],
    ["--" + "p".repeat(100_000), undefined],
  ];
  for (const [word, expected] of rows) {
    assertEquals(nearest(word, known), expected, word.slice(0, 9));
  }
});
