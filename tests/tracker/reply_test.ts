import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type DecodedReply, decodeHttpReply } from "../../lib/tracker/reply.ts";
import { encodeBencode } from "../../lib/torrent/bencode.ts";
import { readTable } from "../torrent/helpers.ts";

/** What is asserted of a row, found by words of its verdict. */
const VERDICTS: readonly [RegExp, (decode: () => DecodedReply, verdict: string) => void][] = [
  [/^error/, (decode) => void assertThrows(decode, SyntaxError)],
  [/^failure "foobar"/, (decode) => {
    assertEquals(decode(), { kind: "failure", reason: "foobar", retrySeconds: undefined });
  }],
  [/^2 peers by hostname/, (decode) => {
    assertEquals(peersOf(decode()), ["test_hostname:1000", "another_host:1001"]);
  }],
  [/^2 peers/, (decode) => assertEquals(peersOf(decode()), ["1.2.3.4:6881", "5.6.7.89:6882"])],
  [/^interval 1042, min interval 10/, (decode) => {
    const { intervalSeconds, minIntervalSeconds } = replyOf(decode());
    assertEquals([intervalSeconds, minIntervalSeconds], [1042, 10]);
  }],
  [/^external ip/, (decode, verdict) => {
    assertStringIncludes(verdict, replyOf(decode()).externalHost ?? "none");
  }],
  [/^(?:0 peers|no ip|no port|not a dictionary)/, (decode) => assertEquals(peersOf(decode()), [])],
  [/^ok, 0 peers, no interval/, (decode) => {
    assertEquals([peersOf(decode()), replyOf(decode()).intervalSeconds], [[], undefined]);
  }],
];

function replyOf(decoded: DecodedReply) {
  assert(decoded.kind === "reply");
  return decoded.reply;
}

function peersOf(decoded: DecodedReply): string[] {
  return replyOf(decoded).peers.map(({ host, port }) => `${host}:${port}`);
}

for (const row of readTable("tracker_http.tsv")) {
  const { body_hex: hex = "", body_ascii: ascii = "", expected: verdict = "" } = row;
  Deno.test(`decodeHttpReply() of ${ascii.slice(0, 60)} gives ${verdict.slice(0, 40)}`, () => {
    const check = VERDICTS.find(([words]) => words.test(verdict))?.[1];
    assert(check !== undefined, `no check for "${verdict}"`);
    check(() => decodeHttpReply(Uint8Array.fromHex(hex)), verdict);
  });
}

Deno.test("decodeHttpReply() takes IPv4 and IPv6 peers, the warning and the tracker id", () => {
  const decoded = decodeHttpReply(encodeBencode({
    interval: 60,
    peers: new Uint8Array([1, 2, 3, 4, 0, 5]),
    peers6: Uint8Array.fromHex("20010db8000000000000000000000001" + "1ae1"),
    "tracker id": "abc",
    "warning message": "careful",
  }));
  assertEquals(peersOf(decoded), ["1.2.3.4:5", "2001:db8::1:6881"]);
  assertEquals(replyOf(decoded).warning, "careful");
  assertEquals(replyOf(decoded).trackerId, new TextEncoder().encode("abc"));
});

Deno.test("decodeHttpReply() bears values of the wrong kind, and space at the end", () => {
  const odd = encodeBencode({ interval: "soon", "min interval": [], peers: 7, "tracker id": {} });
  const { peers, intervalSeconds, trackerId } = replyOf(decodeHttpReply(odd));
  assertEquals([peers, intervalSeconds, trackerId], [[], undefined, undefined]);
  assertEquals(peersOf(decodeHttpReply(new TextEncoder().encode("d5:peers0:e\r\n"))), []);
});

Deno.test("decodeHttpReply() takes no more peers than could be useful", () => {
  const peers = new Uint8Array(6 * 50_000).fill(1);
  assertEquals(replyOf(decodeHttpReply(encodeBencode({ peers }))).peers.length, 1000);
});

Deno.test("decodeHttpReply() refuses what is no reply", () => {
  const texts = ["", "e", "le", "i1e", "4:spam", "<html>", "d5:peers0:", "d", "d".repeat(1e5)];
  for (const text of [...texts, "d5:peers0:e5:peers0:e", "l".repeat(1e5)]) {
    assertThrows(() => decodeHttpReply(new TextEncoder().encode(text)), SyntaxError);
  }
});
