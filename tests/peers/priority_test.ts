import { assertEquals, assertStrictEquals } from "@std/assert";
import { crc32c, MAX_PRIORITY, peerPriority } from "../../lib/peers/priority.ts";
import { bytes } from "../torrent/helpers.ts";

Deno.test("crc32c() is that of the standard", () => {
  assertStrictEquals(crc32c(bytes("123456789")), 0xe3069283);
  assertStrictEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
});

Deno.test("peerPriority() hashes the addresses as far as BEP 40 says, from both ends", async (t) => {
  const rows: readonly (readonly [string, string, string, string | number])[] = [
    ["the example of two networks", "123.213.32.10", "98.76.54.32", 0xec2d7224],
    ["the example of one /24", "123.213.32.10", "123.213.32.234", 0x99568189],
    ["the bytes of the first", "123.213.32.10", "98.76.54.32", "624c14007bd50000"],
    ["one /16", "123.213.32.10", "123.213.33.255", "7bd520007bd52155"],
    ["one /8", "123.213.255.255", "123.212.255.255", "7bd455557bd55555"],
    [
      "two IPv6 networks",
      "2001:db8:1:ffff:ffff::1",
      "2001:db8:2:ffff:ffff::1",
      "20010db80001" + "5555555500000000" + "0001" + "20010db80002" + "5555555500000000" + "0001",
    ],
    [
      "one IPv6 /48",
      "2001:db8:1:ffff:ffff::1",
      "2001:db8:1:feff:ffff::1",
      "20010db80001" + "fe55555500000000" + "0001" + "20010db80001" + "ff55555500000000" + "0001",
    ],
    [
      "one IPv6 /56",
      "2001:db8:1:ffff:ffff::1",
      "2001:db8:1:fffe:ffff::1",
      "20010db80001" + "fffe555500000000" + "0001" + "20010db80001" + "ffff555500000000" + "0001",
    ],
  ];
  for (const [words, one, other, expected] of rows) {
    await t.step(words, () => {
      const hash = typeof expected === "number" ? expected : crc32c(Uint8Array.fromHex(expected));
      const [here, there] = [{ host: one, port: 1 }, { host: other, port: 2 }];
      assertEquals([peerPriority(here, there), peerPriority(there, here)], [hash, hash]);
    });
  }
});

Deno.test("peerPriority() of one address hashes the ports", () => {
  const [here, there] = [{ host: "1.2.3.4", port: 0x4d2 }, { host: "1.2.3.4", port: 0x12c }];
  const hash = crc32c(Uint8Array.fromHex("012c04d2"));
  assertEquals([peerPriority(here, there), peerPriority(there, here)], [hash, hash]);
});

Deno.test("peerPriority() puts names first", () => {
  const here = { host: "1.2.3.4", port: 1 };
  assertStrictEquals(peerPriority(here, { host: "example.org", port: 1 }), MAX_PRIORITY);
});
