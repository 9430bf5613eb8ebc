import { assert, assertEquals } from "@std/assert";
import {
  type BencodeDictionary,
  type BencodeInput,
  decodeBencode,
  dictionaryOf,
  encodeBencode,
} from "../../lib/torrent/bencode.ts";
import { Warnings } from "../../lib/torrent/fields.ts";
import { parseNodes, parseTrackers, parseWebSeeds } from "../../lib/torrent/sources.ts";

function root(value: Readonly<Record<string, BencodeInput>>): BencodeDictionary {
  return dictionaryOf(decodeBencode(encodeBencode(value))) ?? new Map();
}

const A = "http://a.example/announce";
const B = "udp://b.example:6969";

const TRACKERS: readonly (readonly [string, Readonly<Record<string, BencodeInput>>, string[][]])[] =
  [
    ["no tracker", {}, []],
    ["announce alone", { announce: A }, [[A]]],
    ["tiers", { "announce-list": [[A, B], ["https://c.example/x"]] }, [[A, B], [
      "https://c.example/x",
    ]]],
    ["announce-list rather than announce", { announce: A, "announce-list": [[B]] }, [[B]]],
    ["announce when announce-list has none", { announce: A, "announce-list": [["x"], "y", 1] }, [[
      A,
    ]]],
    ["an announce-list that is no list", { announce: A, "announce-list": "x" }, [[A]]],
    ["each tracker once", { "announce-list": [[A, A], [A, B]] }, [[A], [B]]],
    ["spaces around it", { announce: ` \n${A}\r\n` }, [[A]]],
    ["an empty text", { announce: "" }, []],
    ["a line break inside", { announce: "http://a.exa\nmple/" }, []],
    ["a space inside", { announce: "http://a.example/a b" }, []],
    ["a control character inside", { announce: "http://a.example/\x01" }, []],
    ["another scheme", { announce: "file:///etc/passwd" }, []],
    ["no host", { announce: "udp://" }, []],
    ["port 0", { announce: "http://a.example:0/" }, []],
    ["a number", { announce: 5 }, []],
  ];

for (const [name, value, expected] of TRACKERS) {
  Deno.test(`parseTrackers() minds ${name}`, () => {
    assertEquals<unknown>(parseTrackers(root(value), new Warnings()), expected);
  });
}

Deno.test("parseTrackers() warns of what it ignores, without secrets and without end", () => {
  const warnings = new Warnings();
  const bad = Array.from({ length: 50 }, (_, index) => `ftp://t${index}.example/0123456789abcdef`);
  parseTrackers(root({ "announce-list": [bad] }), warnings);
  const lines = warnings.list();
  assertEquals(lines[0], "Ignored a tracker: ftp://t0.example/0123…");
  assertEquals(lines.at(-1), "Left out 30 further warnings");
  assertEquals(lines.length, 21);
});

Deno.test("parseTrackers() makes no long warning of a long URL", () => {
  const warnings = new Warnings();
  parseTrackers(root({ announce: `file:///${"x/".repeat(100_000)}` }), warnings);
  assertEquals(warnings.list().map(({ length }) => length), [1000]);
});

Deno.test("parseTrackers() is done with very many spaces, which a pattern would be at for an hour", () => {
  const announce = `http://a.example/${" ".repeat(2_000_000)}x`;
  assertEquals(parseTrackers(root({ announce }), new Warnings()), []);
});

Deno.test("parseTrackers() takes no more trackers than any torrent needs", () => {
  const warnings = new Warnings();
  const many = Array.from({ length: 1100 }, (_, index) => [`http://t${index}.example/`]);
  assertEquals(parseTrackers(root({ "announce-list": many }), warnings).length, 1000);
  assertEquals(warnings.list(), ["Ignored all but the first 1000 trackers"]);
});

Deno.test("parseWebSeeds() takes a text or a list, encodes spaces, ignores other schemes", () => {
  const rows: readonly (readonly [BencodeInput, readonly string[]])[] = [
    ["http://a.example/x", ["http://a.example/x"]],
    [["http://a.example/", "", "ftp://b.example/", 5, "http://a.example/"], ["http://a.example/"]],
    ["http://a.example/a b", ["http://a.example/a%20b"]],
    [{}, []],
  ];
  for (const [value, expected] of rows) {
    assertEquals(parseWebSeeds(root({ "url-list": value }), new Warnings()), expected);
  }
});

Deno.test("parseNodes() takes pairs of a host and a port", () => {
  const warnings = new Warnings();
  const nodes = [["1.2.3.4", 6881], ["router.example", 1], ["::1", 65535], ["h", 0], ["a b", 1], [
    "h",
  ], 5];
  assertEquals(parseNodes(root({ nodes }), warnings), [
    "1.2.3.4:6881",
    "router.example:1",
    "[::1]:65535",
  ]);
  assert(warnings.list().length === 1);
});
