import { assert } from "@std/assert";
import { isPeerHost, isPrivateHost, isSharedHost, isThisMachine } from "../../lib/base/host.ts";

Deno.test("isPrivateHost() tells our networks from the world", () => {
  const inside = ["localhost", "a.localhost", "localhost.", "127.0.0.9", "10.1.2.3", "172.16.0.1"];
  inside.push("172.31.9.9", "192.168.1.13", "169.254.1.1", "100.64.0.1", "100.127.0.1", "0.0.0.0");
  inside.push("[::1]", "::", "fd00::1", "fe80::1", "[::ffff:7f00:1]", "::ffff:10.0.0.1");
  for (const host of inside) assert(isPrivateHost(host), host);
  const outside = [
    "example.com",
    "2.2.2.2",
    "172.15.0.1",
    "172.32.0.1",
    "100.63.0.1",
    "100.128.0.1",
  ];
  outside.push("192.169.0.1", "2001:db8::1", "localhost.example.com", "10.example.com", "fd.com");
  for (const host of outside) assert(!isPrivateHost(host), host);
});

Deno.test("isThisMachine() counts the unspecified addresses in", () => {
  for (const host of ["0.0.0.0", "[::]", "127.1.2.3", "[::ffff:7f00:1]", "LOCALHOST"]) {
    assert(isThisMachine(host), host);
  }
  for (const host of ["10.0.0.1", "example.com"]) assert(!isThisMachine(host), host);
});

Deno.test("isPeerHost() refuses what names nobody", () => {
  for (const host of ["1.2.3.4", "127.0.0.1", "::1", "2001:db8::1", "peer.example", "test_host"]) {
    assert(isPeerHost(host), host);
  }
  const bad = ["0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1", "239.1.1.1", "::", "ff02::1"];
  bad.push("", "a b", "1.2.3", "256.1.1.1", "a\n", "-a", "a..b", "a/b", "[::1]", "x".repeat(64));
  for (const host of bad) assert(!isPeerHost(host), host);
});

Deno.test("isSharedHost() is whether another one's word for a host is ours", () => {
  const shared = [["8.8.8.8", "9.9.9.9"], ["8.8.8.8", "10.0.0.1"], ["10.0.0.2", "10.0.0.1"]];
  shared.push(["127.0.0.2", "127.0.0.1"], ["10.0.0.2", "127.0.0.1"], ["2001:db8::1", "fd00::1"]);
  for (const [host = "", teller = ""] of shared) assert(isSharedHost(host, teller), host);
  const others = [["10.0.0.2", "8.8.8.8"], ["127.0.0.1", "10.0.0.1"], ["::1", "2001:db8::1"]];
  for (const [host = "", teller = ""] of others) assert(!isSharedHost(host, teller), host);
});
