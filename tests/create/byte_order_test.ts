import { assertEquals } from "@std/assert";
import { compareAsBytes } from "../../lib/create/byte_order.ts";
import { randomOf } from "../torrent/helpers.ts";

function compareEncoded(a: string, b: string): number {
  const encoder = new TextEncoder();
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}

Deno.test("compareAsBytes() orders as the bytes of UTF-8 do", () => {
  const sorted = [
    "",
    "A",
    "a",
    "a b/x",
    "a-b/x",
    "a.b/x",
    "a/b",
    "a0",
    "aa",
    "é",
    "～",
    "\uffff",
    "😀",
  ];
  for (const [index, a] of sorted.entries()) {
    for (const [other, b] of sorted.entries()) {
      assertEquals(Math.sign(compareAsBytes(a, b)), Math.sign(index - other), `${a} and ${b}`);
    }
  }
});

Deno.test("compareAsBytes() agrees with the encoder about random texts", () => {
  const random = randomOf(5);
  const letters = [
    "a",
    "b",
    "/",
    "\u007f",
    "\u0080",
    "\u07ff",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "😀",
    "\u{10ffff}",
  ];
  const text = () =>
    Array.from({ length: random(5) }, () => letters[random(letters.length)]).join("");
  for (let round = 0; round < 2000; round++) {
    const [a, b] = [text(), text()];
    assertEquals(Math.sign(compareAsBytes(a, b)), Math.sign(compareEncoded(a, b)), `${a} and ${b}`);
  }
});
