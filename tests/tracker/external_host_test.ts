import { assertEquals } from "@std/assert";
import { UdpSocket } from "../../lib/base/udp_socket.ts";
import { Announcer } from "../../lib/tracker/announce.ts";
import { bytes } from "../torrent/helpers.ts";
import { HttpTracker } from "../support/http_tracker.ts";

Deno.test("Announcer hands on our address as a tracker sees it (BEP 24)", async () => {
  const reply = bytes("d11:external ip4:\x05\x06\x07\x088:intervali1800e5:peers0:e");
  await using tracker = new HttpTracker({ answer: () => new Response(reply) });
  await using udp = new UdpSocket();
  const seen = Promise.withResolvers<readonly string[]>();
  await using announcer = new Announcer({
    trackers: [[tracker.url]],
    isPrivate: false,
    infoHash: new Uint8Array(20),
    peerId: new Uint8Array(20),
    port: 1,
    udp,
    signal: new AbortController().signal,
    stats: () => ({ uploadedBytes: 0, downloadedBytes: 0, leftBytes: 1 }),
    onExternalHost: (...told) => seen.resolve(told),
  });
  announcer.addresses();
  assertEquals(await seen.promise, ["5.6.7.8", tracker.url]);
});
