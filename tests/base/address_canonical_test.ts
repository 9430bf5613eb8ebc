import { assertEquals } from "@std/assert";
import { canonicalHost } from "../../lib/base/address.ts";

Deno.test("canonicalHost() knows an IPv4 address in every IPv6 dress", () => {
  for (const host of ["::ffff:127.0.0.1", "[::FFFF:127.0.0.1]", "[::ffff:7f00:1]", "127.0.0.1"]) {
    assertEquals(canonicalHost(host), "127.0.0.1", host);
  }
  assertEquals(canonicalHost("::ffff:c0a8:10d"), "192.168.1.13");
  assertEquals(canonicalHost("[2001:DB8::1]"), "2001:db8::1");
});
