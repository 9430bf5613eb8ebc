import { assertEquals } from "@std/assert";
import { setBit } from "../../lib/base/bits.ts";
import { Source, VerifiedPieces } from "../../lib/ledger/source.ts";
import { bitsOf } from "../support/torrents.ts";

const COUNT = 20;

function verify(verified: VerifiedPieces, pieceIndex: number): void {
  setBit(verified.bits, pieceIndex);
  verified.list.push(pieceIndex);
}

function make(atStart: Iterable<number> = []): { verified: VerifiedPieces; source: Source } {
  const verified = new VerifiedPieces(bitsOf(COUNT, atStart), COUNT);
  return { verified, source: new Source(1, verified) };
}

Deno.test("Source counts what is useful of a bitfield, less what is verified before and after", () => {
  const { verified, source } = make([0, 1]);
  source.replace(bitsOf(COUNT, [1, 2, 3, 4]));
  for (const pieceIndex of [4, 9, 3]) verify(verified, pieceIndex);
  assertEquals([source.hasUseful(1), source.hasUseful(2)], [true, false]);
  assertEquals([source.usefulCount, source.haveCount], [1, 4]);
  verify(verified, 2);
  assertEquals([source.usefulCount, source.isUseful], [0, false]);
});

Deno.test("Source counts a piece that we verified before the peer had it as of no use", () => {
  const { verified, source } = make();
  for (const pieceIndex of [5, 6]) verify(verified, pieceIndex);
  source.add(5);
  source.add(7);
  assertEquals([source.usefulCount, source.haveCount], [1, 2]);
  verify(verified, 7);
  source.add(8);
  assertEquals(source.usefulCount, 1);
});

Deno.test("Source that has every piece counts without reading on", () => {
  const { verified, source } = make([19]);
  source.replace(bitsOf(COUNT, Array(COUNT).keys()));
  assertEquals([source.isComplete, source.bits, source.usefulCount], [true, undefined, COUNT - 1]);
  verify(verified, 3);
  assertEquals([source.usefulCount, source.hasUseful(COUNT - 2)], [COUNT - 2, true]);
  assertEquals([source.hasUseful(COUNT - 1), verified.missingCount], [false, COUNT - 2]);
});

Deno.test("Source that comes to have every piece, by the last HAVE, keeps its count", () => {
  const { verified, source } = make();
  for (let pieceIndex = 0; pieceIndex < COUNT; pieceIndex++) {
    source.add(pieceIndex);
    if (pieceIndex % 3 === 0) verify(verified, pieceIndex);
  }
  assertEquals([source.isComplete, source.usefulCount], [true, 13]);
});

Deno.test("replace() copies the bits", () => {
  const { source } = make();
  const bits = bitsOf(COUNT, [2]);
  source.replace(bits);
  bits.fill(0xff);
  assertEquals([source.has(2), source.has(3)], [true, false]);
});
