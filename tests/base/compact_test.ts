import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeCompactPeers,
  encodeCompactPeers,
  formatHost,
  hostBytes,
} from "../../lib/base/compact.ts";

Deno.test("decodeCompactPeers() unpacks IPv4 and IPv6", () => {
  const four = new Uint8Array([127, 0, 0, 1, 0x84, 0x3e, 10, 1, 2, 3, 0xff, 0xff]);
  assertEquals(decodeCompactPeers(four, "IPv4"), [
    { host: "127.0.0.1", port: 33854 },
    { host: "10.1.2.3", port: 65535 },
  ]);
  const six = Uint8Array.fromHex("20010db8000000000000000000000001" + "1ae1");
  assertEquals(decodeCompactPeers(six, "IPv6"), [{ host: "2001:db8::1", port: 6881 }]);
  assertEquals(decodeCompactPeers(new Uint8Array(0), "IPv4"), []);
});

Deno.test("decodeCompactPeers() reads a view into a larger buffer", () => {
  const bytes = new Uint8Array([9, 9, 1, 2, 3, 4, 0, 5]).subarray(2);
  assertEquals(decodeCompactPeers(bytes, "IPv4"), [{ host: "1.2.3.4", port: 5 }]);
});

Deno.test("decodeCompactPeers() leaves out whom nobody can reach", () => {
  const cases: [string, "IPv4" | "IPv6"][] = [
    ["01020304" + "0000", "IPv4"], // port 0
    ["00000000" + "1ae1", "IPv4"],
    ["ffffffff" + "1ae1", "IPv4"], // broadcast
    ["e0000001" + "1ae1", "IPv4"], // multicast
    ["00".repeat(16) + "1ae1", "IPv6"],
    ["ff02" + "00".repeat(13) + "01" + "1ae1", "IPv6"],
    ["00".repeat(10) + "ffff" + "00000000" + "1ae1", "IPv6"], // 0.0.0.0 in disguise
  ];
  for (const [hex, family] of cases) {
    assertEquals(decodeCompactPeers(Uint8Array.fromHex(hex), family), [], hex);
  }
});

Deno.test("decodeCompactPeers() refuses cut lists", () => {
  for (const length of [1, 5, 7, 19]) {
    assertThrows(() => decodeCompactPeers(new Uint8Array(length), "IPv4"), SyntaxError);
    assertThrows(() => decodeCompactPeers(new Uint8Array(length), "IPv6"), SyntaxError);
  }
});

Deno.test("formatHost() shortens IPv6 and unwraps mapped IPv4", () => {
  assertEquals(
    formatHost(Uint8Array.fromHex("f102030400000000000000000000ffff")),
    "f102:304::ffff",
  );
  assertEquals(formatHost(Uint8Array.fromHex("00000000000000000000ffff01020304")), "1.2.3.4");
});

Deno.test("encodeCompactPeers() packs what decodeCompactPeers() unpacks", () => {
  const four = [{ host: "1.2.3.4", port: 1 }, { host: "127.0.0.1", port: 65535 }];
  const six = [{ host: "2001:db8::1", port: 6881 }, { host: "::1", port: 2 }];
  assertEquals(decodeCompactPeers(encodeCompactPeers(four, "IPv4"), "IPv4"), four);
  assertEquals(decodeCompactPeers(encodeCompactPeers(six, "IPv6"), "IPv6"), six);
  assertEquals(encodeCompactPeers([], "IPv4"), new Uint8Array());
});

Deno.test("hostBytes() knows no bytes of a name, nor of an address with a zone", () => {
  for (const host of ["example.org", "", "1.2.3", "fe80::1%eth0", "::ffff:1.2.3.4"]) {
    assertEquals(hostBytes(host), undefined, host);
  }
  assertEquals(hostBytes("1:2:3:4:5:6:7:8")?.toHex(), "00010002000300040005000600070008");
});
