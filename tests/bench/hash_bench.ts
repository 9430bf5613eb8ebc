/** How fast pieces are hashed, in the ways that there are: divide 64 MiB by the time per iteration. */
import { createHash } from "node:crypto";

const TOTAL_LENGTH = 64 * 2 ** 20;
const SIDE_BY_SIDE = 8;

const content = new Uint8Array(TOTAL_LENGTH).fill(0x5a);

function piecesOf(lengthBytes: number): readonly Uint8Array<ArrayBuffer>[] {
  return Array.from(
    { length: TOTAL_LENGTH / lengthBytes },
    (_, index) => content.subarray(index * lengthBytes, (index + 1) * lengthBytes),
  );
}

for (const kib of [16, 256, 4096]) {
  const pieces = piecesOf(kib * 1024);
  const group = `64 MiB in pieces of ${kib} KiB`;
  Deno.bench("node:crypto, synchronous", { group, baseline: true }, () => {
    for (const piece of pieces) createHash("sha1").update(piece).digest();
  });
  Deno.bench("crypto.subtle, one at a time", { group }, async () => {
    for (const piece of pieces) await crypto.subtle.digest("SHA-1", piece);
  });
  Deno.bench(`crypto.subtle, ${SIDE_BY_SIDE} at a time`, { group }, async () => {
    for (let at = 0; at < pieces.length; at += SIDE_BY_SIDE) {
      const some = pieces.slice(at, at + SIDE_BY_SIDE);
      await Promise.all(some.map((piece) => crypto.subtle.digest("SHA-1", piece)));
    }
  });
}
