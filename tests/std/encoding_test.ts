import { assertEquals, assertThrows } from "@std/assert";
import { decodeBase64, decodeHex, encodeBase64, encodeHex } from "@std/encoding";

Deno.test("encodeHex() and decodeHex() are inverse", () => {
  assertEquals(encodeHex(new Uint8Array([0, 171, 255])), "00abff");
  assertEquals(encodeHex("a"), "61");
  assertEquals(decodeHex("00abFF"), new Uint8Array([0, 171, 255]));
  assertThrows(() => decodeHex("0g"));
  assertThrows(() => decodeHex("0"));
});

Deno.test("encodeBase64() and decodeBase64() are inverse", () => {
  assertEquals(encodeBase64(new Uint8Array([251, 255])), "+/8=");
  assertEquals(encodeBase64("a"), "YQ==");
  assertEquals(decodeBase64("+/8="), new Uint8Array([251, 255]));
});
