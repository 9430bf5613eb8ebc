import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import type { FakePeer } from "../support/fake_peer.ts";
import { KIB, plainGeometry } from "../support/torrents.ts";
import { blockOf, part, Rig, say, sayDontHave } from "./downloader_rig.ts";

Deno.test("Downloader asks for what a peer has, and delivers what comes, byte by byte", async () => {
  const rig = new Rig();
  const peer = await rig.join([1]);
  assertEquals(peer.heard(), ["interested", "request 1:0", "request 1:1"]);
  await say(peer, "1:1");
  assertEquals([rig.downloads.runs.size, peer.session.wasUseful], [0, true]);
  await say(peer, "1:0");
  assertEquals(rig.held(), ["1:0", "1:1"]);
  assertEquals(rig.downloads.runs.size, 1);
  const { value: [full] = [] } = await rig.downloads.runs.next();
  assertEquals([full?.run.piece.pieceIndex, full?.endsPiece], [1, true]);
  const start = full?.run.start ?? NaN;
  const bytes = rig.memory.bytes.slice(start, start + 2 * BLOCK_LENGTH);
  assertEquals(bytes, new Uint8Array([...blockOf(1, 0), ...blockOf(1, 1)]));
  await part(peer);
});

Deno.test("Downloader asks for what a tenth of a second brings, under a limit", async (t) => {
  const rows: readonly (readonly [string, number, number])[] = [
    ["of one byte", 1, 1],
    ["of a block in a tenth of a second", 10 * BLOCK_LENGTH, 1],
    ["of two and a half", 25 * BLOCK_LENGTH, 2],
    ["of more than there is", 1000 * BLOCK_LENGTH, 4],
  ];
  for (const [words, bytesPerSecond, requests] of rows) {
    await t.step(words, async () => {
      const rig = new Rig(bytesPerSecond);
      const peer = await rig.join([0, 1]);
      assertEquals(peer.heard().filter((text) => text.startsWith("request")).length, requests);
      await part(peer);
    });
  }
});

Deno.test("Downloader asks for as much more as is on its way, under a limit", async () => {
  const rig = new Rig(10 * BLOCK_LENGTH);
  const peer = await rig.join([0, 1]);
  assertEquals(peer.heard(), ["interested", "request 0:0"]);
  peer.tick(200);
  await say(peer, "0:0");
  rig.downloads.shareOut();
  peer.tick(210);
  assertEquals(peer.heard(), ["request 0:1", "request 1:0", "request 1:1"]);
  await part(peer);
});

Deno.test("Downloader has no interest in a peer that has nothing of use, until it has", async () => {
  const rig = new Rig();
  const peer = await rig.join([]);
  assertEquals(peer.heard(), []);
  peer.says.have(0);
  await peer.send();
  assertEquals(peer.heard(), ["interested", "request 0:0", "request 0:1"]);
  await part(peer);
});

Deno.test("Downloader gives back what it was asked for when the peer chokes or leaves", async () => {
  const rig = new Rig();
  const [first, second] = [await rig.join([0]), await rig.join([0])];
  first.heard();
  assertEquals(second.heard(), ["interested"]);
  first.says.choke();
  await first.send();
  await Promise.resolve();
  assertEquals(second.heard().toSorted(), ["request 0:0", "request 0:1"]);
  await part(second);
  assertEquals([...rig.ledger.openPieces], []);
  await part(first);
});

Deno.test("Downloader keeps an answer that comes after a choke, and cancels it elsewhere", async () => {
  const rig = new Rig();
  const [first, second] = [await rig.join([0]), await rig.join([0])];
  first.says.choke();
  await first.send();
  await Promise.resolve();
  second.heard();
  await say(first, "0:1");
  assertEquals(rig.held(), ["0:1"]);
  assertEquals(second.heard(), ["cancel 0:1"]);
  for (const peer of [first, second]) await part(peer);
});

Deno.test("Downloader closes a peer whose block has a wrong length, and has it from another", async () => {
  const rig = new Rig();
  const [liar, honest] = [await rig.join([0]), await rig.join([0])];
  honest.heard();
  await say(liar, "0:0", 5);
  const error = await liar.ended;
  assertInstanceOf(error, PeerError);
  assertEquals(error.reason, "protocol");
  liar.session.leave();
  await Promise.resolve();
  assertEquals(honest.heard().toSorted(), ["request 0:0", "request 0:1"]);
  await part(honest);
});

Deno.test("Downloader takes back from a slow peer what others would send sooner, and takes it late", async () => {
  const rig = new Rig(undefined, plainGeometry(4 * 512 * KIB, 512 * KIB));
  const slow = await rig.join([0]);
  const heard: string[] = [];
  for (let nowMs = 250; nowMs <= 2_000; nowMs += 250) {
    if (nowMs % 1_000 === 0) await say(slow, `0:${nowMs / 1_000 - 1}`);
    slow.tick(nowMs);
    heard.push(...slow.heard());
    if (heard.some((text) => text.startsWith("cancel"))) break;
  }
  const blocks = (verb: string) =>
    heard.filter((text) => text.startsWith(verb)).map((text) => text.slice(verb.length));
  const asked = blocks("request ");
  assert(asked.length > 20, `${asked.length} requests`);
  const cancelled = blocks("cancel ");
  const kept = asked.length - rig.held().length - cancelled.length;
  assert(kept >= 2 && kept <= 4, `${kept} are still to come`);
  assertEquals(cancelled, asked.slice(-cancelled.length), "those that were asked for last");
  const other = await rig.join([0]);
  assert(other.heard().includes("request 0:4"), "others are asked for it");
  await say(slow, "0:5");
  assert(rig.held().includes("0:5"));
  for (const peer of [slow, other]) await part(peer);
});

Deno.test("Downloader asks again for what a peer passes over while it answers the rest", async () => {
  const rig = new Rig(undefined, plainGeometry(8 * 1024 * KIB, 1024 * KIB));
  const peer = await rig.join([0, 1, 2, 3, 4, 5, 6, 7]);
  const heard = () => peer.heard().filter((text) => text.startsWith("request "));
  const [dropped = "", ...asked] = heard();
  const again: number[] = [];
  for (let nowMs = 250; nowMs <= 35_000; nowMs += 250) {
    await say(peer, (asked.shift() ?? "").slice("request ".length));
    peer.tick(nowMs);
    asked.push(...heard());
    if (asked.includes(dropped)) again.push(nowMs);
  }
  assert(!rig.ledger.isEndGame);
  assert(again.length > 0);
  await part(peer);
});

Deno.test("Downloader has a piece with suspects from one that is much faster than the one that fetches it", async () => {
  const rig = new Rig(undefined, plainGeometry(2 * 512 * KIB, 512 * KIB));
  rig.ledger.open(0, new Set([99]));
  const [slow, fast] = [await rig.join([0]), await rig.join([1])];
  for (let block = 0; block < 32; block++) {
    await say(fast, `1:${block}`);
    for (const peer of [slow, fast]) peer.tick(50 * block);
    if (block % 10 === 9) await say(slow, `0:${Math.floor(block / 10)}`);
  }
  fast.heard();
  fast.says.have(0);
  await fast.send();
  assert(fast.heard().some((text) => text.startsWith("request 0:")));
  for (const peer of [slow, fast]) await part(peer);
});

Deno.test("Downloader gives a peer that joins late its full time to answer", async () => {
  const rig = new Rig();
  const peer = await rig.join([0], 100_000);
  peer.tick(100_250);
  assertEquals([...rig.ledger.openWithFree], []);
  peer.heard();
  peer.tick(110_000);
  assertEquals(peer.heard(), ["request 0:0"], "stalling by then: asked for one block");
  await say(peer, "0:0");
  assertEquals(peer.heard(), ["request 0:1"], "back: asked for the rest");
  await part(peer);
});

Deno.test("Downloader asks a fast peer in end game for what a silent one holds", async () => {
  const rig = new Rig();
  const [silent, fast] = [await rig.join([0]), await rig.join([1])];
  for (const key of ["1:0", "1:1"]) await say(fast, key);
  for (let nowMs = 250; nowMs < 5_000; nowMs += 250) {
    for (const peer of [silent, fast]) peer.tick(nowMs);
  }
  fast.heard();
  fast.says.have(0);
  await fast.send();
  assertEquals(fast.heard().toSorted(), ["request 0:0", "request 0:1"]);
  for (const peer of [silent, fast]) await part(peer);
});

Deno.test("Downloader leaves room in end game for who answers, however many stall", async () => {
  const rig = new Rig();
  const stalling: FakePeer[] = [];
  for (let count = 0; count < 12; count++) stalling.push(await rig.join([0]));
  const fast = await rig.join([1]);
  for (const key of ["1:0", "1:1"]) await say(fast, key);
  for (let nowMs = 250; nowMs < 10_000; nowMs += 250) {
    for (const peer of [...stalling, fast]) peer.tick(nowMs);
    await Promise.resolve();
  }
  fast.heard();
  fast.says.have(0);
  await fast.send();
  assertEquals(fast.heard().toSorted(), ["request 0:0", "request 0:1"]);
  for (const peer of [...stalling, fast]) await part(peer);
});

Deno.test("Downloader gives back what it was asked for of a piece that it lost (BEP 54)", async () => {
  const rig = new Rig();
  const peer = await rig.join([0, 1]);
  peer.heard();
  await sayDontHave(peer, [0, 0, 0, 0]);
  const open = () => [...rig.ledger.openPieces].map(({ pieceIndex }) => pieceIndex);
  assertEquals([open(), peer.heard()], [[1], []]);
  await sayDontHave(peer, [0, 0, 0, 1]);
  assertEquals([open(), peer.heard()], [[], ["notInterested"]]);
  await say(peer, "1:0"); // late, and of no use: the piece is nobody's
  peer.says.have(1);
  await peer.send();
  assertEquals(peer.heard(), ["interested", "request 1:0", "request 1:1"]);
  await part(peer);
});

const WRONG_LOSSES: readonly (readonly [string, readonly number[]])[] = [
  ["is cut", [0, 0, 0]],
  ["is empty", []],
  ["is too long", [0, 0, 0, 0, 0]],
  ["names a piece that there is not", [0, 0, 0, 2]],
  ["names a piece of 2^32 - 1", [255, 255, 255, 255]],
];

for (const [words, payload] of WRONG_LOSSES) {
  Deno.test(`Downloader closes a peer whose lt_donthave ${words}`, async () => {
    const peer = await new Rig().join([0]);
    await sayDontHave(peer, payload);
    const error = await peer.ended;
    assertInstanceOf(error, PeerError);
    assertEquals(error.reason, "protocol");
    peer.session.leave();
  });
}

Deno.test("Downloader closes a peer that loses piece after piece", async () => {
  const peer = await new Rig().join([0]);
  for (let count = 0; count < 1000; count++) peer.says.extended(1, new Uint8Array(4));
  await peer.send();
  assertEquals(peer.heard().filter((text) => text.startsWith("not")), ["notInterested"]);
  await sayDontHave(peer, [0, 0, 0, 0]);
  assertInstanceOf(await peer.ended, PeerError);
  peer.session.leave();
});
