import { assertEquals } from "@std/assert";
import { allowedFast } from "../../lib/upload/allowed_fast.ts";

const infoHash = new Uint8Array(20).fill(0xaa);

Deno.test("allowedFast() gives the sets that BEP 6 has as examples", () => {
  const options = { host: "80.4.4.200", infoHash, pieceCount: 1313 };
  const nine = [1059, 431, 808, 1217, 287, 376, 1188, 353, 508];
  assertEquals(allowedFast({ ...options, count: 7 }), nine.slice(0, 7));
  assertEquals(allowedFast({ ...options, count: 9 }), nine);
});

Deno.test("allowedFast() gives no more than there is, and nothing to IPv6", () => {
  const options = { infoHash, pieceCount: 3 };
  assertEquals(allowedFast({ ...options, host: "10.0.0.1" }).toSorted(), [0, 1, 2]);
  assertEquals(allowedFast({ ...options, host: "2001:db8::1" }), []);
});
