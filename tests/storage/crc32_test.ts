import { assertEquals } from "@std/assert";
import { crc32 as reference } from "node:zlib";
import { crc32 } from "../../lib/storage/crc32.ts";
import { randomBytes } from "../support/torrent_fixture.ts";

Deno.test("crc32() is that of zlib, whole or in parts", () => {
  for (const length of [0, 1, 9, 255, 1000, 65_537]) {
    const bytes = randomBytes(length, length + 1);
    assertEquals(crc32(bytes), reference(bytes));
    const cut = length >>> 1;
    assertEquals(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut))), reference(bytes));
  }
});
