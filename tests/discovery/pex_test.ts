import { assertEquals, assertStrictEquals } from "@std/assert";
import { decodePex, PEX_FLAG } from "../../lib/discovery/pex_message.ts";
import {
  MAX_HEARD_HOSTS,
  MAX_HEARD_MESSAGES,
  MAX_TOLD_CONTACTS,
  MIN_INTERVAL_MS,
} from "../../lib/discovery/pex_peer.ts";
import { contact, OUR_ID, OWN, Rig, say, tell, THEIR_ID, toldTo } from "./pex_rig.ts";

Deno.test("Pex says nothing while there is nothing to say, then at once, then after a minute", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  await rig.tick();
  assertEquals(toldTo(one), []);
  const two = await rig.connect("2.2.2.2");
  await rig.tick();
  assertEquals([toldTo(one), toldTo(two)], [["+2.2.2.2:6881"], ["+1.1.1.1:6881"]]);
  await rig.connect("3.3.3.3");
  await rig.tick(MIN_INTERVAL_MS - 1);
  assertEquals(toldTo(one), []);
  await rig.tick(1);
  assertEquals([toldTo(one), toldTo(two)], [["+3.3.3.3:6881"], ["+3.3.3.3:6881"]]);
  await rig.tick(MIN_INTERVAL_MS);
  assertEquals(toldTo(one), [], "nothing is new");
});

Deno.test("Pex drops who has gone, and passes over who came and went in between", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  const two = await rig.connect("2.2.2.2");
  await rig.tick();
  const [, three] = [toldTo(one), await rig.connect("3.3.3.3")];
  await rig.leave(three);
  await rig.leave(two);
  await rig.tick(MIN_INTERVAL_MS);
  assertEquals(toldTo(one), ["-2.2.2.2:6881"]);
  await rig.connect("2.2.2.2");
  await rig.tick(MIN_INTERVAL_MS);
  assertEquals(toldTo(one), ["+2.2.2.2:6881"]);
});

Deno.test("Pex tells of a peer that dialled us once it has said where it listens", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  const [silent] = [await rig.connect("2.2.2.2", 7)];
  await rig.tick();
  assertEquals(toldTo(one), ["+2.2.2.2:7"]);
  // Another port later on does not make another peer of it.
  await say(silent, { m: THEIR_ID, port: 8 });
  await rig.leave(silent);
  await rig.tick(MIN_INTERVAL_MS);
  assertEquals(toldTo(one), ["-2.2.2.2:7"]);
});

Deno.test("Pex tells of one place for each peer, however many it says that it listens at", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  const restless = await rig.connect("2.2.2.2", 7);
  for (const port of [8, 9, 10]) await say(restless, { m: THEIR_ID, port });
  await rig.tick();
  assertEquals(toldTo(one), ["+2.2.2.2:7"]);
  assertEquals(rig.pex.contacts.size, 2);
});

Deno.test("Pex knows a peer by the connection that stays, where two of it have crossed", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  const first = await rig.connect("2.2.2.2", 6881);
  await rig.connect("2.2.2.2");
  await rig.tick();
  await rig.leave(first);
  await rig.tick(MIN_INTERVAL_MS);
  assertEquals(toldTo(one), ["+2.2.2.2:6881"]);
  assertEquals([...rig.pex.contacts.keys()], ["1.1.1.1:6881", "2.2.2.2:6881"]);
});

Deno.test("Pex tells nothing to who takes nothing, or has switched it off", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  const [deaf] = rig.connectMany(["2.2.2.2"]);
  await say(one, { m: 0 });
  await rig.tick();
  assertEquals([toldTo(one), deaf?.payloads], [[], []]);
  await say(one, { m: THEIR_ID });
  await rig.tick();
  assertEquals(toldTo(one), ["+2.2.2.2:6881"]);
});

Deno.test("Pex tells of fifty at a time", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  const many = rig.connectMany(Array.from({ length: 70 }, (_, at) => `2.2.2.${at}`));
  const countsOf = () => toldTo(one).map((text) => text.split(" ").length);
  await rig.tick();
  assertEquals(countsOf(), [MAX_TOLD_CONTACTS]);
  await rig.tick(MIN_INTERVAL_MS);
  assertEquals(countsOf(), [20]);
  for (const peer of many) await rig.leave(peer);
  await rig.tick(MIN_INTERVAL_MS);
  assertEquals(countsOf(), [MAX_TOLD_CONTACTS]);
  await rig.tick(MIN_INTERVAL_MS);
  assertEquals(countsOf(), [20]);
});

Deno.test("Pex tells nobody of what is inside another's network", async (t) => {
  const rows: readonly (readonly [string, string, string, boolean])[] = [
    ["a public peer of another", "1.1.1.1", "2.2.2.2", true],
    ["a public peer of a private one", "1.1.1.1", "192.168.1.2", false],
    ["a public peer of one on this machine", "1.1.1.1", "127.0.0.2", false],
    ["a private peer of another", "10.0.0.1", "192.168.1.2", true],
    ["a private peer of one on this machine", "10.0.0.1", "127.0.0.2", false],
    ["one on this machine of another", "127.0.0.1", "127.0.0.2", true],
    ["one on this machine of a public peer", "127.0.0.1", "1.1.1.1", true],
  ];
  for (const [words, listener, other, isTold] of rows) {
    await t.step(words, async () => {
      await using rig = new Rig();
      const peer = await rig.connect(listener);
      rig.connectMany([other]);
      await rig.tick();
      assertEquals(toldTo(peer), isTold ? [`+${other}:6881`] : []);
      // And believes as little.
      await tell(peer, { added: [contact(other, { port: 9 })] });
      assertEquals(await rig.heard(), isTold ? [{ host: other, port: 9 }] : []);
    });
  }
});

Deno.test("Pex says what it knows of a contact", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  const two = await rig.connect("2.2.2.2", 7);
  two.session.isSeed = true;
  await rig.tick();
  const flags = [one, two].map(({ payloads: [first] }) =>
    decodePex(first ?? new Uint8Array())?.added[0]?.flags
  );
  assertEquals(flags, [PEX_FLAG.seed, PEX_FLAG.reachable]);
});

Deno.test("Pex hands on what a peer tells of, but not ourselves, nor two ports of one host", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  const others = ["3.3.3.3", "4.4.4.4"].map((host) => contact(host));
  const again = contact("3.3.3.3", { port: 9 });
  await tell(one, { added: [...others, again, { address: OWN, flags: 0 }] });
  assertEquals(await rig.heard(), others.map(({ address }) => address));
  const [{ kind, ...said } = { kind: "none" }] = rig.events;
  assertEquals([kind, said], [
    "pex",
    { status: "received", address: "1.1.1.1:6881", added: 4, dropped: 0 },
  ]);
});

Deno.test("Pex says of who only uploads what it says of seeds", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  const two = await rig.connect("2.2.2.2");
  two.session.extension = { extensions: new Map(), isUploadOnly: true };
  await rig.tick();
  const [first] = one.payloads;
  const flags = decodePex(first ?? new Uint8Array())?.added[0]?.flags;
  assertEquals(flags, PEX_FLAG.seed | PEX_FLAG.reachable);
});

Deno.test("Pex passes over seeds where nothing is wanted", async () => {
  await using rig = new Rig();
  rig.wantsSeeds = false;
  const one = await rig.connect("1.1.1.1");
  const seed = contact("3.3.3.3", { flags: PEX_FLAG.seed });
  await tell(one, { added: [seed, contact("4.4.4.4")] });
  assertEquals(await rig.heard(), [{ host: "4.4.4.4", port: 6881 }]);
});

Deno.test("Pex listens no more to a peer that talks too much", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  for (let n = 0; n < MAX_HEARD_MESSAGES; n++) await tell(one, { added: [contact(`3.3.3.${n}`)] });
  await rig.tick(MIN_INTERVAL_MS);
  for (let n = 0; n < MAX_HEARD_MESSAGES; n++) await tell(one, { added: [contact(`4.4.4.${n}`)] });
  await tell(one, { added: [contact("5.5.5.1")] });
  await rig.tick(MIN_INTERVAL_MS);
  await tell(one, { added: [contact("5.5.5.2")] });
  assertStrictEquals((await rig.heard()).length, 2 * MAX_HEARD_MESSAGES);
});

Deno.test("Pex follows up so many contacts of a peer, and others once it drops some", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  const hosts = (from: number) => Array.from({ length: 100 }, (_, at) => `3.3.${from}.${at}`);
  for (const from of [0, 1, 2]) {
    await tell(one, { added: hosts(from).map((host) => contact(host)) });
  }
  await tell(one, { dropped: hosts(0).map((host) => ({ host, port: 6881 })) });
  await tell(one, { added: hosts(3).map((host) => contact(host)) });
  assertStrictEquals((await rig.heard()).length, MAX_HEARD_HOSTS + 100);
});

Deno.test("Pex takes what is no message for one", async () => {
  await using rig = new Rig();
  const one = await rig.connect("1.1.1.1");
  one.says.extended(OUR_ID, new TextEncoder().encode("nonsense"));
  one.says.extended(200, new TextEncoder().encode("an id that nobody gave"));
  await one.send();
  await tell(one, { added: [contact("3.3.3.3")] });
  assertStrictEquals((await rig.heard()).length, 1);
});
