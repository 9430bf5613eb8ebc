import net from "node:net";
import { assertEquals } from "@std/assert";
import { isIPv4, isIPv6 } from "../../lib/base/ip.ts";
import { randomOf } from "../torrent/helpers.ts";

const HOSTS = [
  "0.0.0.0",
  "255.255.255.255",
  "256.1.1.1",
  "1.2.3",
  "1.2.3.4.",
  "1.2.3.4.5",
  "01.2.3.4",
  "::",
  "::1",
  "1::",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7:8",
  "1:2:3:4:5:6:7::",
  "::2:3:4:5:6:7:8",
  "1:2:3:4::5:6:7:8",
  "1:2:3:4:5:6:7:8:9",
  ":1:2:3:4:5:6:7",
  "fe80::1%eth0",
  "fe80::1%",
  "%eth0",
  "::ffff:1.2.3.4",
  "1:2:3:4:5:6:1.2.3.4",
  "1:2:3:4:5:6:7:1.2.3.4",
  "1.2.3.4::",
  "::1.2.3.4:5",
  "12345::",
  "g::",
  "[::1]",
  "",
  "localhost",
];

Deno.test("isIPv4() and isIPv6() tell what node:net tells", () => {
  for (const host of HOSTS) {
    assertEquals([host, isIPv4(host)], [host, net.isIPv4(host)]);
    assertEquals([host, isIPv6(host)], [host, net.isIPv6(host)]);
  }
});

Deno.test("isIPv4() and isIPv6() tell what node:net tells of changed literals", () => {
  const random = randomOf(3);
  const letters = "0123456789abfg:.%";
  for (let round = 0; round < 5000; round++) {
    const host = [...HOSTS[random(HOSTS.length)] ?? ""];
    host.splice(random(host.length + 1), random(3), letters[random(letters.length)] ?? "");
    const text = host.join("");
    assertEquals([text, isIPv4(text)], [text, net.isIPv4(text)]);
    assertEquals([text, isIPv6(text)], [text, net.isIPv6(text)]);
  }
});
