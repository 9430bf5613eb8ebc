import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { Probe } from "./probe.ts";
import { startSeeder } from "./seeder.ts";
import { fileContent, makeTorrent } from "./torrent_fixture.ts";

const fixture = makeTorrent({ files: 100_000, pieceLength: 32 * 1024 });
const { metainfo } = fixture;

Deno.test("makeTorrent() makes the same torrent for the same options", () => {
  const files = [
    { path: "a/b.bin", lengthBytes: 1000 },
    { path: ".pad/24", lengthBytes: 24, isPadding: true },
    { path: "empty", lengthBytes: 0 },
    { path: "c.bin", lengthBytes: 5000 },
  ];
  const options = {
    files,
    pieceLength: 1024,
    trackers: [["http://127.0.0.1:1/announce"]],
    seed: 3,
  };
  const torrent = makeTorrent({ ...options, isPrivate: true });
  assertEquals(torrent, makeTorrent({ ...options, isPrivate: true }));
  assertStrictEquals(torrent.metainfo.geometry.totalLength, torrent.content.length);
  assert(torrent.metainfo.isPrivate);
  assertEquals(torrent.metainfo.trackers, [["http://127.0.0.1:1/announce"]]);
  assertEquals(fileContent(torrent, 1), new Uint8Array(24));
  assertEquals(fileContent(torrent, 3), torrent.content.subarray(1024));
});

Deno.test("Seeder serves every block of a torrent, and counts", async () => {
  await using seeder = await startSeeder({ ...fixture, bytesPerSecond: 2 ** 26 });
  const { probe, handshake } = await Probe.greet(seeder.address, metainfo.infoHash);
  using _ = probe;
  assertEquals(handshake.subarray(28, 48), metainfo.infoHash);
  assertEquals(await probe.kinds(2), ["extended", "bitfield"]);
  probe.outbox.interested();
  await probe.send();
  assertEquals(await probe.kinds(1), ["unchoke"]);
  const { geometry } = metainfo;
  let requests = 0;
  for (let piece = 0; piece < geometry.pieceCount; piece++) {
    for (let block = 0; block < geometry.blockCount(piece); block++, requests++) {
      probe.outbox.request(piece, block * BLOCK_LENGTH, geometry.requestLength(piece, block));
    }
  }
  await probe.send();
  const received = new Uint8Array(geometry.totalLength);
  for (let count = 0; count < requests; count++) {
    const message = await probe.next();
    assert(message?.kind === "piece");
    received.set(probe.blockOf(message), geometry.pieceOffset(message.pieceIndex) + message.begin);
  }
  assertEquals(received, fixture.content);
  const { connections, open, servedBytes } = seeder.counters;
  assertEquals([connections, open, servedBytes], [1, 1, geometry.totalLength]);
  assertStrictEquals(seeder.counters.requests, requests);
  assertStrictEquals(seeder.messages[1], `request 0 0 ${BLOCK_LENGTH}`);
  probe[Symbol.dispose]();
  await seeder.until((counters) => counters.open === 0);
  assertEquals(seeder.errors, []);
});

Deno.test("Seeder tells what a client did wrong, and closes", async () => {
  await using seeder = await startSeeder({ ...fixture, pieces: [0] });
  const { probe } = await Probe.greet(seeder.address, metainfo.infoHash);
  using _ = probe;
  probe.outbox.request(1, 0, BLOCK_LENGTH);
  await probe.send();
  await seeder.until(({ open, handshakes }) => handshakes === 1 && open === 0);
  assertStrictEquals(seeder.errors[0]?.message, "Cannot serve request: 1 0 16384 is not to be had");
});

Deno.test("Seeder dial() calls a client, handshake first", async () => {
  await using seeder = await startSeeder({ ...fixture });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  await seeder.dial({ host: "127.0.0.1", port: listener.addr.port });
  using probe = new Probe(await accepting);
  assertEquals((await probe.read(68)).subarray(28, 48), metainfo.infoHash);
});
