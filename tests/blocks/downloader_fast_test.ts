/** The downloader's part of the fast extension (BEP 6). */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import type { FakePeer } from "../support/fake_peer.ts";
import { bitsOf } from "../support/torrents.ts";
import { part, Rig, say } from "./downloader_rig.ts";

Deno.test("Downloader asks nobody at once again for what was rejected, and others instead", async () => {
  const rig = new Rig();
  const refusing = await rig.meet((says) => {
    says.haveAll();
    says.unchoke();
  });
  assertEquals(refusing.heard().filter((text) => text.startsWith("request")).length, 4);
  for (const pieceIndex of [0, 1]) {
    for (const block of [0, 1]) {
      refusing.says.rejectRequest(pieceIndex, block * BLOCK_LENGTH, BLOCK_LENGTH);
    }
  }
  await refusing.send();
  assertEquals(refusing.heard(), []);
  const giving = await rig.join([0, 1]);
  assertEquals(giving.heard().filter((text) => text.startsWith("request")).length, 4);
  await part(giving);
  refusing.tick(2_000);
  assertEquals(refusing.heard().filter((text) => text.startsWith("request")).length, 4);
  await part(refusing);
});

Deno.test("Downloader closes a peer that", async (t) => {
  const rows: readonly (readonly [string, (says: FakePeer["says"]) => void])[] = [
    ["rejects what it was not asked for", (says) => says.rejectRequest(0, 0, BLOCK_LENGTH)],
    ["allows a piece that there is not", (says) => says.allowedFast(2)],
    ["suggests a piece that there is not", (says) => says.suggestPiece(0xffff_ffff)],
  ];
  for (const [words, say] of rows) {
    await t.step(words, async () => {
      const peer = await new Rig().meet(say);
      assertInstanceOf(await peer.ended, PeerError);
      peer.session.leave();
    });
  }
});

Deno.test("Downloader asks a peer that chokes it for what that allows, and has", async () => {
  const rig = new Rig();
  const peer = await rig.meet((says) => {
    says.bitfield(bitsOf(2, [1]));
    says.allowedFast(0);
    says.allowedFast(1);
  });
  assertEquals(peer.heard(), ["haveNone", "interested", "request 1:0", "request 1:1"]);
  await say(peer, "1:1");
  assertEquals(rig.held(), ["1:1"]);
  await part(peer);
});

Deno.test("Downloader asks for nothing twice that a peer gives though it has choked us meanwhile", async () => {
  const rig = new Rig();
  const peer = await rig.meet((says) => {
    says.haveAll();
    says.allowedFast(1);
    says.unchoke();
  });
  assertEquals(peer.heard().filter((text) => text.startsWith("request")).length, 4);
  peer.says.choke();
  await peer.send();
  assertEquals(peer.heard(), []);
  const other = await rig.join([0, 1]);
  const firstAsked = other.heard().filter((text) => text.startsWith("request")).slice(0, 2);
  assertEquals(firstAsked, ["request 0:0", "request 0:1"], "what it gives no more");
  await say(peer, "1:0");
  assertEquals(rig.held(), ["1:0"]);
  await part(peer);
  await part(other);
});

Deno.test("Downloader leaves a peer alone for a while that rejects what it allows", async () => {
  const rig = new Rig();
  const peer = await rig.meet((says) => {
    says.bitfield(bitsOf(2, [1]));
    says.allowedFast(1);
  });
  assertEquals(peer.heard(), ["haveNone", "interested", "request 1:0", "request 1:1"]);
  for (const block of [0, 1]) {
    peer.says.rejectRequest(1, block * BLOCK_LENGTH, BLOCK_LENGTH);
    await peer.send();
  }
  assertEquals(peer.heard(), []);
  peer.tick(2_000);
  assertEquals(peer.heard(), ["request 1:0", "request 1:1"]);
  await part(peer);
});

Deno.test("Downloader asks a peer that chokes it for what that allows again, when it answers late", async () => {
  const rig = new Rig();
  const peer = await rig.meet((says) => {
    says.bitfield(bitsOf(2, [1]));
    says.allowedFast(1);
  });
  peer.tick(250);
  peer.tick(10_000);
  assertEquals([...rig.ledger.openPieces], [], "stalling by then");
  peer.heard();
  await say(peer, "1:0"); // late, and of no use: the piece is nobody's
  assertEquals(peer.heard(), ["request 1:0", "request 1:1"]);
  for (const key of ["1:0", "1:1"]) await say(peer, key);
  peer.tick(80_000); // it has answered: it is not closed for having stalled
  await part(peer);
});

Deno.test("Downloader has a piece with suspects from another, when the one that fetched it rejects it", async () => {
  const rig = new Rig();
  rig.ledger.open(0, new Set([99]));
  const refusing = await rig.meet((says) => {
    says.bitfield(bitsOf(2, [0]));
    says.unchoke();
  });
  assertEquals(refusing.heard(), ["haveNone", "interested", "request 0:0", "request 0:1"]);
  const giving = await rig.join([0]);
  assertEquals(giving.heard(), ["interested"]);
  await say(refusing, "0:0");
  refusing.says.rejectRequest(0, BLOCK_LENGTH, BLOCK_LENGTH);
  await refusing.send();
  giving.tick(250);
  assertEquals(giving.heard(), ["request 0:1"]);
  for (const peer of [refusing, giving]) await part(peer);
});

Deno.test("Downloader has a piece with suspects from another, when the one that fetched it says it has none", async () => {
  const rig = new Rig(1);
  rig.ledger.open(0, new Set([99]));
  const leaving = await rig.meet((says) => {
    says.bitfield(bitsOf(2, [0]));
    says.unchoke();
  });
  assertEquals(leaving.heard(), ["haveNone", "interested", "request 0:0"]);
  const giving = await rig.join([0]);
  assertEquals(giving.heard(), ["interested"]);
  leaving.says.haveNone();
  await say(leaving, "0:0");
  for (let nowMs = 250; nowMs < 30_000; nowMs += 250) {
    for (const peer of [leaving, giving]) peer.tick(nowMs);
  }
  assertEquals(giving.heard().slice(0, 1), ["request 0:1"]);
  for (const peer of [leaving, giving]) await part(peer);
});

Deno.test("Downloader closes a peer that says again and again what it has", async (t) => {
  const rows: readonly (readonly [string, (says: FakePeer["says"]) => void])[] = [
    ["all, and none", (says) => {
      says.haveAll();
      says.haveNone();
    }],
    ["some", (says) => says.bitfield(bitsOf(2, [1]))],
  ];
  for (const [words, say] of rows) {
    await t.step(words, async () => {
      const peer = await new Rig().meet((says) => {
        for (let count = 0; count < 40; count++) say(says);
      });
      assert(peer.session.wire.isOpen, "a few times do no harm");
      for (let count = 0; count < 1_000; count++) say(peer.says);
      await peer.send();
      assertInstanceOf(await peer.ended, PeerError);
      peer.session.leave();
    });
  }
});
