import { assertEquals, assertNotEquals } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { encodeExtensionHandshake, EXTENSION_HANDSHAKE_ID } from "../../lib/peers/extension.ts";
import { ExternalAddress, MAX_VOTES } from "../../lib/peers/external_address.ts";
import { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import { FakePeer } from "../support/fake_peer.ts";

/** What is seen after these votes, "HOST by VOTER" each, from IPv4 and from IPv6. */
function seenAfter(votes: readonly string[]): readonly (string | undefined)[] {
  const external = new ExternalAddress();
  for (const vote of votes) {
    const [host = "", , voter = ""] = vote.split(" ");
    external.vote(host, voter);
  }
  return [external.seenFrom("9.9.9.9"), external.seenFrom("2001:db8::9")];
}

Deno.test("ExternalAddress is what most say", async (t) => {
  const rows: readonly (readonly [string, readonly string[], readonly (string | undefined)[]])[] = [
    ["nobody has said anything", [], [undefined, undefined]],
    ["one says one", ["1.1.1.1 by a"], ["1.1.1.1", undefined]],
    ["each family has its own", ["1.1.1.1 by a", "2001:db8::1 by a2"], ["1.1.1.1", "2001:db8::1"]],
    ["a tie changes nothing", ["1.1.1.1 by a", "2.2.2.2 by b"], ["1.1.1.1", undefined]],
    [
      "two against one",
      ["1.1.1.1 by a", "2.2.2.2 by b", "2.2.2.2 by c"],
      ["2.2.2.2", undefined],
    ],
    [
      "nobody votes twice",
      ["1.1.1.1 by a", "1.1.1.1 by b", ...Array(9).fill("2.2.2.2 by c")],
      ["1.1.1.1", undefined],
    ],
    ["a voter changes its mind", ["1.1.1.1 by a", "2.2.2.2 by a"], ["2.2.2.2", undefined]],
    [
      "addresses of our own network are none",
      [
        "192.168.1.2 by a",
        "127.0.0.1 by b",
        "fe80::1 by c",
        "0.0.0.0 by d",
        "255.255.255.255 by e",
      ],
      [undefined, undefined],
    ],
  ];
  for (const [words, votes, expected] of rows) {
    await t.step(words, () => assertEquals(seenAfter(votes), expected));
  }
});

Deno.test("ExternalAddress remembers the newest votes only", () => {
  const old = Array.from({ length: MAX_VOTES }, (_, at) => `1.1.1.1 by ${at}`);
  const recent = Array.from({ length: MAX_VOTES / 2 + 1 }, (_, at) => `2.2.2.2 by new${at}`);
  assertEquals(seenAfter([...old, ...recent]), ["2.2.2.2", undefined]);
});

Deno.test("ExternalAddress tells of a change, and of nothing else", () => {
  const external = new ExternalAddress();
  const seen: unknown[] = [];
  external.onChange = () => seen.push(external.seenFrom("9.9.9.9"));
  for (const [host, voter] of [["1.1.1.1", "a"], ["1.1.1.1", "b"], ["2.2.2.2", "c"]] as const) {
    external.vote(host, voter);
  }
  assertEquals(seen, ["1.1.1.1"]);
});

Deno.test("assumedFrom() is random, and the same, while nothing is known", () => {
  const [one, other] = [new ExternalAddress(), new ExternalAddress()];
  assertEquals(one.assumedFrom("9.9.9.9"), one.assumedFrom("8.8.8.8"));
  assertNotEquals(one.assumedFrom("::1"), other.assumedFrom("::1"));
  one.vote("1.1.1.1", "a");
  assertEquals(one.assumedFrom("9.9.9.9"), "1.1.1.1");
});

Deno.test("ExternalAddress asks a peer once: what it says again and again costs nothing", async () => {
  const external = new ExternalAddress();
  let changes = 0;
  external.onChange = () => changes++;
  const peer = new FakePeer(external, { bitfieldLength: 1, nowMs: 0, buffers: new ReadBuffers() });
  for (const yourip of [undefined, "1.1.1.1", "2.2.2.2", "1.1.1.1", "2001:db8::1", "2001:db8::2"]) {
    const said = { reqq: 1, client: "x", ...(yourip === undefined ? {} : { yourip }) };
    peer.says.extended(EXTENSION_HANDSHAKE_ID, encodeExtensionHandshake(said));
  }
  await peer.send();
  assertEquals([external.seenFrom("9.9.9.9"), changes], ["1.1.1.1", 1]);
  peer.session.wire.close(new PeerError("enough", "surplus"));
  await peer.ended;
});
