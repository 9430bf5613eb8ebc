import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  decodePex,
  encodePex,
  MAX_HEARD_CONTACTS,
  PEX_FLAG,
  type PexMessage,
} from "../../lib/discovery/pex_message.ts";
import { encodeBencode } from "../../lib/torrent/bencode.ts";
import { bytes, randomOf } from "../torrent/helpers.ts";

const NOTHING: PexMessage = { added: [], dropped: [] };

Deno.test("encodePex() writes what BEP 11 says, and no list that is empty", () => {
  const address = { host: "1.2.3.4", port: 0x1ae1 };
  const six = { host: "2001:db8::1", port: 258 };
  assertEquals(
    encodePex({ added: [{ address, flags: PEX_FLAG.reachable }], dropped: [six] }),
    bytes(
      "d5:added6:\x01\x02\x03\x04\x1a\xe17:added.f1:\x10" +
        `8:dropped618:\x20\x01\x0d\xb8${"\0".repeat(11)}\x01\x01\x02e`,
    ),
  );
  assertEquals(encodePex(NOTHING), bytes("de"));
});

Deno.test("decodePex() reads what encodePex() wrote, IPv4 first", () => {
  const random = randomOf(3);
  for (let round = 0; round < 200; round++) {
    const list = (host: () => string) =>
      Array.from({ length: random(20) }, () => ({ host: host(), port: 1 + random(65535) }));
    const four = () => list(() => `1.${random(256)}.${random(256)}.${random(256)}`);
    const six = () => list(() => `2001:db8::${(1 + random(65535)).toString(16)}`);
    const added = [...four(), ...six()].map((address) => ({ address, flags: random(256) }));
    const message = { added, dropped: [...four(), ...six()] };
    assertEquals(decodePex(encodePex(message)), message);
  }
});

Deno.test("decodePex() passes over what makes no sense", () => {
  const one = { added: [{ address: { host: "1.2.3.4", port: 5 }, flags: 0 }], dropped: [] };
  const cases: readonly [string, string, PexMessage | undefined][] = [
    ["an empty dictionary", "de", NOTHING],
    ["lists of a wrong type", "d5:addedle7:droppedi1ee", NOTHING],
    ["no flags", "d5:added6:\x01\x02\x03\x04\0\x05e", one],
    ["flags too few", "d5:added6:\x01\x02\x03\x04\0\x057:added.f0:e", one],
    ["an entry cut short", "d5:added8:\x01\x02\x03\x04\0\x05\x01\x02e", one],
    ["port 0", "d5:added12:\x01\x02\x03\x04\0\0\x01\x02\x03\x04\0\x05e", one],
    ["multicast", "d5:added6:\xe0\x02\x03\x04\0\x05e", NOTHING],
    ["nobody", "d5:added6:\0\0\0\0\0\x05e", NOTHING],
    ["unsorted keys", "d7:dropped0:5:added6:\x01\x02\x03\x04\0\x05e", one],
    ["a list", "le", undefined],
    ["nothing", "", undefined],
    ["no bencode", "d5:added6:\x01\x02", undefined],
    ["too deep", "d5:added" + "l".repeat(9) + "e".repeat(9) + "e", undefined],
    ["too many values", "d5:addedl" + "0:".repeat(200) + "ee", undefined],
  ];
  for (const [words, text, expected] of cases) {
    assertEquals(decodePex(bytes(text)), expected, words);
  }
});

Deno.test("decodePex() keeps the flags with their peers where one is left out", () => {
  const text = "d5:added12:\x01\x02\x03\x04\0\0\x01\x02\x03\x04\0\x057:added.f2:\x01\x02e";
  assertStrictEquals(decodePex(bytes(text))?.added[0]?.flags, 2);
});

Deno.test("decodePex() looks at the first of a flood only", () => {
  const added = new Uint8Array(6 * 10_000).fill(1);
  const added6 = new Uint8Array(18 * 10_000).fill(1);
  const message = decodePex(encodeBencode({ added, added6, dropped: added, dropped6: added6 }));
  assertStrictEquals(message?.added.length, MAX_HEARD_CONTACTS);
  assertStrictEquals(message.dropped.length, MAX_HEARD_CONTACTS);
});

Deno.test("decodePex() never throws for mutated payloads", () => {
  const random = randomOf(5);
  const address = { host: "1.2.3.4", port: 5 };
  const six = { host: "2001:db8::1", port: 6 };
  const added = [address, six].map((each) => ({ address: each, flags: 1 }));
  const whole = encodePex({ added, dropped: [address, six] });
  for (let round = 0; round < 3000; round++) {
    const input = whole.slice(0, whole.length - random(3));
    for (let change = 0; change < 3; change++) input[random(input.length)] = random(256);
    const message = decodePex(input);
    assert(message === undefined || message.added.every(({ address: { port } }) => port > 0));
  }
});
