import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  decodeExtensionHandshake,
  encodeExtensionHandshake,
  type ExtensionHandshake,
  MAX_EXTENSIONS,
  mergeExtensionHandshakes,
} from "../../lib/peers/extension.ts";
import { encodeBencode } from "../../lib/torrent/bencode.ts";
import { bytes, randomOf } from "../torrent/helpers.ts";

Deno.test("decodeExtensionHandshake() reads what encodeExtensionHandshake() wrote", () => {
  const encoded = encodeExtensionHandshake({
    reqq: 250,
    client: "westorrent/0.1.0",
    port: 51413,
    yourip: "127.0.0.9",
    extensions: new Map([["ut_pex", 1], ["lt_donthave", 2]]),
  });
  assertEquals(decodeExtensionHandshake(encoded), {
    reqq: 250,
    client: "westorrent/0.1.0",
    port: 51413,
    yourip: new Uint8Array([127, 0, 0, 9]),
    extensions: new Map([["lt_donthave", 2], ["ut_pex", 1]]),
  });
});

Deno.test("encodeExtensionHandshake() writes IPv6 as 16 bytes and leaves out names", () => {
  const cases = [
    ["::1", "00000000000000000000000000000001"],
    ["::", "00000000000000000000000000000000"],
    ["2001:db8::5:0:0:1", "20010db8000000000005000000000001"],
    ["fe80::", "fe800000000000000000000000000000"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["example.org", undefined],
  ] as const;
  for (const [yourip, hex] of cases) {
    const encoded = encodeExtensionHandshake({ reqq: 1, client: "c", yourip });
    assertStrictEquals(decodeExtensionHandshake(encoded)?.yourip?.toHex(), hex, yourip);
  }
});

Deno.test("decodeExtensionHandshake() ignores values that make no sense", () => {
  const cases: readonly [string, string][] = [
    ["an empty dictionary", "de"],
    ["m is no dictionary", "d1:mi1ee"],
    ["an id of 256", "d1:md6:ut_pexi256eee"],
    ["a negative id", "d1:md6:ut_pexi-1eee"],
    ["an id that is text", "d1:md6:ut_pex1:1ee"],
    ["reqq 0", "d4:reqqi0ee"],
    ["reqq -1", "d4:reqqi-1ee"],
    ["reqq beyond 64 bits", "d4:reqqi99999999999999999999ee"],
    ["reqq as text", "d4:reqq3:250e"],
    ["metadata_size -1", "d13:metadata_sizei-1ee"],
    ["metadata_size 2^31 - 1", "d13:metadata_sizei2147483647ee"],
    ["port 0", "d1:pi0ee"],
    ["port 65536", "d1:pi65536ee"],
    ["a client that is a number", "d1:vi1ee"],
    ["a client of controls", "d1:v2:\x1b\x07e"],
    ["e as text", "d1:e1:1e"],
    ["metadata_size 2^31", "d13:metadata_sizei2147483648ee"],
    ["reqq 2^32", "d4:reqqi4294967296ee"],
    ["an address of 5 bytes", "d6:yourip5:abcdee"],
  ];
  for (const [what, text] of cases) {
    assertEquals(decodeExtensionHandshake(bytes(text)), { extensions: new Map() }, what);
  }
});

Deno.test("decodeExtensionHandshake() reads extensions, those switched off included", () => {
  const { extensions, metadataSize } = decode(
    "d1:md11:ut_metadatai3e6:ut_pexi0ee13:metadata_sizei31235ee",
  );
  assertEquals([...extensions], [["ut_metadata", 3], ["ut_pex", 0]]);
  assertStrictEquals(metadataSize, 31235);
});

Deno.test("decodeExtensionHandshake() tolerates unsorted keys", () => {
  assertStrictEquals(decode("d4:reqqi5e1:pi6ee").port, 6);
});

Deno.test("decodeExtensionHandshake() keeps few extensions and a short, harmless name", () => {
  const m = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x${at}`, at]));
  const v = "\x1b[31m" + "long ".repeat(100);
  const said = decodeExtensionHandshake(encodeBencode({ m, v }));
  assert(said !== undefined);
  const { extensions, client = "" } = said;
  assertStrictEquals(extensions.size, MAX_EXTENSIONS);
  assert(client.length <= 64 && client.startsWith("[31mlong"), client);
});

Deno.test("decodeExtensionHandshake() makes nothing of what is no dictionary, or beyond its limits", () => {
  const cases: readonly [string, string][] = [
    ["nothing", ""],
    ["a cut dictionary", "d"],
    ["a list", "le"],
    ["text behind the end", "dex"],
    ["duplicate keys", "d1:pi1e1:pi2ee"],
    ["too deep", "d1:m" + "l".repeat(20) + "e".repeat(20) + "e"],
    ["too many values", "d1:ml" + "0:".repeat(2000) + "ee"],
    ["too long", `d1:v70000:${"a".repeat(70000)}e`],
  ];
  for (const [what, text] of cases) {
    assertStrictEquals(decodeExtensionHandshake(bytes(text)), undefined, what);
  }
});

Deno.test("decodeExtensionHandshake() never throws for mutated payloads", () => {
  const random = randomOf(11);
  const extensions = new Map([["ut_pex", 1]]);
  const said = { reqq: 250, client: "client", yourip: "::1", port: 1, extensions };
  const whole = encodeExtensionHandshake(said);
  for (let round = 0; round < 3000; round++) {
    const input = whole.slice(0, whole.length - random(3));
    for (let change = 0; change < 3; change++) input[random(input.length)] = random(256);
    decodeExtensionHandshake(input);
  }
});

Deno.test("mergeExtensionHandshakes() adds what is new, and takes out what is switched off", () => {
  const first = decode("d1:md11:ut_metadatai3e6:ut_pexi1ee1:pi6881e1:v3:onee");
  const merged = mergeExtensionHandshakes(
    mergeExtensionHandshakes(undefined, first),
    decode("d1:md11:lt_donthavei7e6:ut_pexi0ee4:reqqi9ee"),
  );
  assertEquals([...merged.extensions], [["ut_metadata", 3], ["lt_donthave", 7]]);
  const { reqq, port, client } = merged;
  assertEquals({ reqq, port, client }, { reqq: 9, port: 6881, client: "one" });
  const again = mergeExtensionHandshakes(merged, decode("d1:md6:ut_pexi4eee"));
  assertStrictEquals(again.extensions.get("ut_pex"), 4);
});

Deno.test("mergeExtensionHandshakes() lets a peer want something again", () => {
  const full = mergeExtensionHandshakes(undefined, decode("d11:upload_onlyi1ee"));
  assert(mergeExtensionHandshakes(full, decode("de")).isUploadOnly);
  assert(!mergeExtensionHandshakes(full, decode("d11:upload_onlyi0ee")).isUploadOnly);
});

Deno.test("mergeExtensionHandshakes() keeps few extensions, however many handshakes come", () => {
  let merged: ExtensionHandshake | undefined;
  for (let round = 0; round < 10; round++) {
    const m = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`${round} ${at}`, 1]));
    const said = decodeExtensionHandshake(encodeBencode({ m }));
    if (said !== undefined) merged = mergeExtensionHandshakes(merged, said);
  }
  assertStrictEquals(merged?.extensions.size, MAX_EXTENSIONS);
});

function decode(text: string): ExtensionHandshake {
  const said = decodeExtensionHandshake(bytes(text));
  assert(said !== undefined);
  return said;
}
