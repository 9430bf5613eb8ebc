import { assert, assertEquals, assertThrows } from "@std/assert";
import { canonicalHost, formatAddress, isLoopback, parseAddress } from "../../lib/base/address.ts";

const HOSTS: readonly (readonly [string, string])[] = [
  ["127.0.0.1", "127.0.0.1"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["[::FFFF:10.0.0.1]", "10.0.0.1"],
  ["[FE80::1]", "fe80::1"],
  ["Tracker.Example", "tracker.example"],
];

for (const [host, expected] of HOSTS) {
  Deno.test(`canonicalHost() spells ${host} as ${expected}`, () => {
    assertEquals(canonicalHost(host), expected);
  });
}

Deno.test("parseAddress() reads what formatAddress() writes", () => {
  for (const text of ["127.0.0.1:6881", "[::1]:1", "host.example:65535"]) {
    assertEquals(formatAddress(parseAddress(text)), text);
  }
  assertEquals(formatAddress(parseAddress("[::ffff:1.2.3.4]:5")), "1.2.3.4:5");
});

for (const text of ["", "host", "host:", ":1", "host:0", "host:65536", "::1:5", "a b:1", "h:1x"]) {
  Deno.test(`parseAddress() refuses "${text}"`, () => {
    assertThrows(() => parseAddress(text), SyntaxError, "HOST:PORT");
  });
}

Deno.test("isLoopback() knows this machine's own addresses", () => {
  assert(["127.0.0.1", "127.9.9.9", "::1", "localhost"].every(isLoopback));
  assert(!["10.0.0.1", "::2", "1.127.0.0"].some(isLoopback));
});
