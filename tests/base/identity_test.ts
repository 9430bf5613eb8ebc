import { assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as identity from "../../lib/base/identity.ts";

Deno.test("VERSION is deno.json's", () => {
  const text = Deno.readTextFileSync(new URL("../../deno.json", import.meta.url));
  assertEquals(identity.VERSION, JSON.parse(text).version);
  assertStringIncludes(identity.USER_AGENT, identity.VERSION);
  const digits = identity.VERSION.split(".").join("");
  assertEquals(identity.PEER_ID_PREFIX, `-WE${digits}0-`);
});

Deno.test("makePeerId() gives 20 bytes, our prefix first, never the same again", () => {
  const id = identity.makePeerId();
  assertEquals(id.length, 20);
  assertEquals(new TextDecoder("latin1").decode(id.subarray(0, 8)), identity.PEER_ID_PREFIX);
  assertNotEquals(id, identity.makePeerId());
  assertThrows(() => identity.toPeerId(new Uint8Array(19)), RangeError);
});
