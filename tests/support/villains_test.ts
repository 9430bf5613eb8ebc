import { assert, assertEquals } from "@std/assert";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { Probe } from "./probe.ts";
import { type Behaviour, type Seeder, startSeeder } from "./seeder.ts";
import { makeTorrent } from "./torrent_fixture.ts";
import * as villains from "./villains.ts";

const fixture = makeTorrent({ files: 10 * 2 ** 15, pieceLength: 2 ** 15 });
const { metainfo, content } = fixture;

type Story = (probe: Probe, context: { seeder: Seeder; handshake: Uint8Array }) => Promise<void>;

/** Runs a villain and a probe that has shaken hands with it. */
async function meet(behaviour: Behaviour, story: Story): Promise<void> {
  await using seeder = await startSeeder({ ...fixture, behaviour });
  const { probe, handshake } = await Probe.greet(seeder.address, metainfo.infoHash);
  using _ = probe;
  await story(probe, { seeder, handshake });
  assertEquals(seeder.errors, []);
}

/** As meet(), but unchoked, and with the first `count` blocks requested. */
function meetRequesting(behaviour: Behaviour, count: number, story: Story): Promise<void> {
  return meet(behaviour, async (probe, context) => {
    probe.outbox.interested();
    await probe.send();
    assertEquals(await probe.kinds(3), ["extended", "bitfield", "unchoke"]);
    for (let block = 0; block < count; block++) {
      probe.outbox.request(block >> 1, (block & 1) * BLOCK_LENGTH, BLOCK_LENGTH);
    }
    await probe.send();
    await story(probe, context);
  });
}

/** The next block, and whether its bytes are right. */
async function nextBlock(probe: Probe): Promise<{ length: number; isRight: boolean }> {
  const message = await probe.next();
  assert(message?.kind === "piece", message?.kind);
  const offset = metainfo.geometry.pieceOffset(message.pieceIndex) + message.begin;
  const block = probe.blockOf(message);
  const isRight = block.every((byte, at) => byte === content[offset + at]);
  return { length: block.length, isRight };
}

/** Connects to a villain that has a way of its own with handshakes. */
async function call(behaviour: Behaviour, story: Story): Promise<void> {
  await using seeder = await startSeeder({ ...fixture, behaviour });
  using probe = await Probe.connect(seeder.address);
  await story(probe, { seeder, handshake: new Uint8Array() });
}

Deno.test("silent() says nothing and keeps the connection", () =>
  call(villains.silent(), async (_probe, { seeder }) => {
    await seeder.until(({ open }) => open === 1);
    assertEquals(seeder.counters.handshakes, 0);
  }));

Deno.test("stalling() serves so many bytes and no more", () =>
  meetRequesting(villains.stalling(2 * BLOCK_LENGTH), 4, async (probe, { seeder }) => {
    assert((await nextBlock(probe)).isRight);
    assert((await nextBlock(probe)).isRight);
    await seeder.until(({ requests }) => requests === 4);
    assertEquals([seeder.counters.servedBytes, seeder.counters.open], [2 * BLOCK_LENGTH, 1]);
  }));

Deno.test("choking() is interesting but never unchokes", () =>
  meet(villains.choking(), async (probe, { seeder }) => {
    probe.outbox.interested();
    await probe.send();
    assertEquals(await probe.kinds(2), ["extended", "bitfield"]);
    await seeder.until(() => seeder.messages.includes("interested"));
  }));

Deno.test("flapping() chokes after every so many blocks", () =>
  meetRequesting(villains.flapping(2), 4, async (probe) => {
    assertEquals(await probe.kinds(4), ["piece", "piece", "choke", "unchoke"]);
  }));

Deno.test("lying() changes every block", () =>
  meetRequesting(villains.lying(), 2, async (probe) => {
    assertEquals(await nextBlock(probe), { length: BLOCK_LENGTH, isRight: false });
    assertEquals(await nextBlock(probe), { length: BLOCK_LENGTH, isRight: false });
  }));

Deno.test("lying() changes some blocks with a probability", () =>
  meetRequesting(villains.lying({ probability: 0.5 }), 20, async (probe) => {
    const blocks = [];
    for (let count = 0; count < 20; count++) blocks.push(await nextBlock(probe));
    const lies = blocks.filter((block) => !block.isRight).length;
    assert(lies > 2 && lies < 18, `${lies} lies`);
  }));

Deno.test("oversize() announces 2 GiB", () =>
  meet(villains.oversize(), async (probe) => {
    assertEquals((await probe.read(9)).toHex(), "7fffffff0700000000");
  }));

Deno.test("unrequested() sends blocks before anything could be asked for", () =>
  meet(villains.unrequested(3), async (probe) => {
    probe.outbox.interested();
    await probe.send();
    const kinds = ["extended", "bitfield", "piece", "piece", "piece", "unchoke"];
    assertEquals(await probe.kinds(kinds.length), kinds);
  }));

Deno.test("shortBlocks() sends half of a block", () =>
  meetRequesting(villains.shortBlocks(), 1, async (probe) => {
    assertEquals(await nextBlock(probe), { length: BLOCK_LENGTH / 2, isRight: true });
  }));

Deno.test("emptyBlocks() sends nothing of a block", () =>
  meetRequesting(villains.emptyBlocks(), 1, async (probe) => {
    assertEquals(await probe.next().catch((error) => error.message), EMPTY);
  }));

Deno.test("longBlocks() sends a byte too much", () =>
  meetRequesting(villains.longBlocks(), 1, async (probe) => {
    assertEquals(await probe.next().catch((error) => error.message), LONG);
  }));

Deno.test("repeating() sends every block twice", () =>
  meetRequesting(villains.repeating(), 1, async (probe) => {
    assertEquals(await nextBlock(probe), await nextBlock(probe));
  }));

Deno.test("wrongHash() answers for another torrent", () =>
  meet(villains.wrongHash(), (_probe, { handshake }) => {
    assert(handshake.subarray(28, 48).toHex() !== metainfo.infoHash.toHex());
    return Promise.resolve();
  }));

Deno.test("slowLoris() sends its handshake byte by byte", () =>
  call(villains.slowLoris(1), async (probe) => {
    assertEquals((await probe.read(68)).subarray(28, 48), metainfo.infoHash);
  }));

Deno.test("slowLoris() ends with the client, however slow it is", () =>
  call(villains.slowLoris(1_000_000), async (probe, { seeder }) => {
    assertEquals((await probe.read(1)).toHex(), "13");
    probe[Symbol.dispose]();
    await seeder.until(({ connections, open }) => connections === 1 && open === 0);
  }));

Deno.test("disconnecting() closes after so many bytes", () =>
  meetRequesting(villains.disconnecting(BLOCK_LENGTH), 3, async (probe) => {
    assert((await nextBlock(probe)).isRight);
    assertEquals(await probe.next().catch(() => undefined), undefined);
  }));

Deno.test("badBitfield() sends bitfields that are wrong", async () => {
  const cases = [["short", "c0"], ["long", "ffc000"], ["spare", "ffff"]] as const;
  for (const [fault, hex] of cases) {
    await meet(villains.badBitfield(fault), async (probe) => {
      const message = await probe.next();
      assertEquals(message?.kind === "bitfield" && message.bits.toHex(), hex, fault);
    });
  }
});

Deno.test("selfEcho() answers with the client's own peer id", () =>
  meet(villains.selfEcho(), (probe, { handshake }) => {
    assertEquals(handshake.subarray(48).toHex(), probe.peerId.toHex());
    return Promise.resolve();
  }));

Deno.test("outOfRangeHave() has a piece that there is not", () =>
  meet(villains.outOfRangeHave(), async (probe) => {
    assertEquals(await probe.kinds(2), ["extended", "bitfield"]);
    assertEquals(await probe.next(), { kind: "have", pieceIndex: 0xffffffff });
  }));

Deno.test("garbage() sends anything but a handshake", () =>
  call(villains.garbage(), async (probe) => {
    assert((await probe.read(1000))[0] !== 0x13);
  }));

Deno.test("badExtensionHandshake() sends what is not bencode", () =>
  meet(villains.badExtensionHandshake(), async (probe) => {
    const message = await probe.next();
    assertEquals(message?.kind === "extended" && message.payload.toHex(), "64313a6d64");
  }));

const EMPTY = "Cannot accept message: piece has 9 bytes, not 10 to 16393";
const LONG = "Cannot accept message: piece has 16394 bytes, not 10 to 16393";
