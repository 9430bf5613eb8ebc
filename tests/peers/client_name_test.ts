import { assert, assertStrictEquals } from "@std/assert";
import { clientName } from "../../lib/peers/client_name.ts";
import { bytes, randomOf } from "../torrent/helpers.ts";

Deno.test("clientName() names clients as their users know them", () => {
  const cases = [
    ["-TR3000-abcdefghijkl", "Transmission 3.0.0"],
    ["-TR4060-abcdefghijkl", "Transmission 4.0.6"],
    ["-LT20B0-abcdefghijkl", "libtorrent 2.0.11"],
    ["-lt0D80-abcdefghijkl", "rTorrent 0.13.8"],
    ["-qB4651-abcdefghijkl", "qBittorrent 4.6.5.1"],
    ["-DE211s-abcdefghijkl", "Deluge 2.1.1"],
    ["-WE0100-abcdefghijkl", "westorrent 0.1.0"],
    ["-ZZ1234-abcdefghijkl", 'unknown client "ZZ" 1.2.3.4'],
    ["A2-1-36-0-abcdefghij", "aria2 1.36.0"],
    ["M7-9-2--abcdefghijkl", "BitTorrent 7.9.2"],
    ["exbc\x01\x02abcdefghijklmn", 'unknown client "exbc"'],
    ["\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "unknown client"],
    ["\x1b[31m-evil-----------", "unknown client"],
    ["", "unknown client"],
  ] as const;
  for (const [peerId, name] of cases) assertStrictEquals(clientName(bytes(peerId)), name);
});

Deno.test("clientName() is printable and short for any bytes", () => {
  const random = randomOf(5);
  for (let round = 0; round < 5000; round++) {
    const name = clientName(Uint8Array.from({ length: 20 }, () => random(256)));
    assert(/^[\x20-\x7e]{1,64}$/.test(name), name);
  }
});
