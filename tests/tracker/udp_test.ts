import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TrackerError } from "../../lib/base/errors.ts";
import { UdpSocket } from "../../lib/base/udp_socket.ts";
import { MAX_REPLY_PEERS } from "../../lib/tracker/reply.ts";
import type { AnnounceReply, AnnounceRequest } from "../../lib/tracker/request.ts";
import { CONNECTION_ID_LIFE_MS, RESEND_AFTER_MS, UdpAnnouncer } from "../../lib/tracker/udp.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { CONNECTION_ID, honest, REQUEST, serveUdp, type UdpCall } from "./villains.ts";

/** An announcer with a socket and a clock of its own. */
class Bench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly socket = new UdpSocket({ bind: "127.0.0.1" });
  readonly stop = new AbortController();
  readonly announcer = new UdpAnnouncer({ socket: this.socket, clock: this.clock });

  announce(url: string, request: AnnounceRequest = REQUEST): Promise<AnnounceReply> {
    return this.announcer.announce(new URL(url), request, { signal: this.stop.signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.socket[Symbol.asyncDispose]();
    assertEquals(this.clock.waiting, 0, "a timer was left");
  }
}

const PEERS = [{ host: "1.2.3.4", port: 1 }, { host: "5.6.7.8", port: 2 }];

function actionsOf(calls: readonly UdpCall[]): number[] {
  return calls.map(({ action }) => action);
}

Deno.test("UdpAnnouncer connects, announces, and gives the peers", async () => {
  await using tracker = await serveUdp(honest);
  await using bench = new Bench();
  const { peers, intervalSeconds } = await bench.announce(tracker.url);
  assertEquals([peers, intervalSeconds], [PEERS, 1800]);
  const [connect, announce] = tracker.calls;
  assert(connect !== undefined && announce !== undefined);
  assertEquals(connect.bytes.toHex().slice(0, 24), "0000041727101980" + "00000000");
  assertEquals(connect.bytes.length, 16);
  const { view, bytes } = announce;
  assertEquals(bytes.subarray(0, 8).toHex(), CONNECTION_ID);
  assertEquals([...bytes.subarray(16, 36)], [...REQUEST.infoHash]);
  assertEquals([...bytes.subarray(36, 56)], [...REQUEST.peerId]);
  const numbers = [56, 64, 72].map((at) => Number(view.getBigUint64(at)));
  assertEquals(numbers, [REQUEST.downloadedBytes, REQUEST.leftBytes, REQUEST.uploadedBytes]);
  assertEquals([80, 84, 88, 92].map((at) => view.getInt32(at)), [2, 0, REQUEST.key, 50]);
  assertEquals(view.getUint16(96), REQUEST.port);
  assertEquals(String.fromCharCode(...bytes.subarray(98)), "\x02\x09/announce");
});

Deno.test("UdpAnnouncer takes as many peers of a reply as are taken over HTTP", async () => {
  await using tracker = await serveUdp((call) => {
    if (call.action === 0) call.reply(0, CONNECTION_ID);
    else call.reply(1, "000007080000000000000000" + "010203040001".repeat(MAX_REPLY_PEERS + 1));
  });
  await using bench = new Bench();
  const { peers } = await bench.announce(tracker.url);
  assertEquals(peers.length, MAX_REPLY_PEERS);
});

Deno.test("UdpAnnouncer sends a long path in parts, and none where there is none", async () => {
  await using tracker = await serveUdp(honest);
  await using bench = new Bench();
  const query = `?key=${"k".repeat(300)}`;
  await bench.announce(tracker.url + query);
  await bench.announce(tracker.url.replace("/announce", ""));
  const [long, none] = tracker.calls.filter(({ action }) => action === 1);
  const options = long?.bytes.subarray(98) ?? new Uint8Array(0);
  assertEquals([options[0], options[1], options[257], options[258]], [2, 255, 2, 314 - 255]);
  assertEquals(none?.bytes.length, 98);
});

Deno.test("UdpAnnouncer says each event by its number, and wants nobody when stopped", async () => {
  await using tracker = await serveUdp(honest);
  await using bench = new Bench();
  for (const event of ["update", "completed", "started", "stopped"] as const) {
    await bench.announce(tracker.url, { ...REQUEST, event });
  }
  const announces = tracker.calls.filter(({ action }) => action === 1);
  assertEquals(announces.map(({ view }) => view.getUint32(80)), [0, 1, 2, 3]);
  assertEquals(announces.map(({ view }) => view.getInt32(92)), [50, 50, 50, 0]);
});

Deno.test("UdpAnnouncer uses a connection id for a minute, and no longer", async () => {
  await using tracker = await serveUdp(honest);
  await using bench = new Bench();
  await bench.announce(tracker.url);
  bench.clock.advance(CONNECTION_ID_LIFE_MS - 1);
  await bench.announce(tracker.url);
  assertEquals(actionsOf(tracker.calls), [0, 1, 1]);
  bench.clock.advance(1);
  await bench.announce(tracker.url);
  assertEquals(actionsOf(tracker.calls), [0, 1, 1, 0, 1]);
});

Deno.test("UdpAnnouncer asks for a new id when the tracker has forgotten its own", async () => {
  let announces = 0;
  await using tracker = await serveUdp((call) => {
    if (call.action === 1 && ++announces === 2) call.reply(3, toHex("Connection ID missmatch.\0"));
    else honest(call);
  });
  await using bench = new Bench();
  await bench.announce(tracker.url);
  assertEquals((await bench.announce(tracker.url)).peers, PEERS);
  assertEquals(actionsOf(tracker.calls), [0, 1, 1, 0, 1]);
});

Deno.test("UdpAnnouncer sends a lost packet once more after 15 s, with the same number", async () => {
  let lost = 0;
  const heard = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  await using tracker = await serveUdp((call) => {
    const isFirst = tracker.calls.filter(({ action }) => action === call.action).length === 1;
    if (isFirst) heard[lost++]?.resolve();
    else honest(call);
  });
  await using bench = new Bench();
  const reply = bench.announce(tracker.url);
  for (const { promise } of heard) {
    await promise;
    await bench.clock.untilWaiting(RESEND_AFTER_MS);
    bench.clock.advance(RESEND_AFTER_MS);
  }
  assertEquals((await reply).peers, PEERS);
  assertEquals(actionsOf(tracker.calls), [0, 0, 1, 1]);
  const numbers = tracker.calls.map(({ view }) => view.getUint32(12));
  assertEquals([numbers[0], numbers[2]], [numbers[1], numbers[3]]);
});

Deno.test("UdpAnnouncer takes the late answer to its first packet", async () => {
  let first: UdpCall | undefined;
  await using tracker = await serveUdp((call) => {
    if (call.action === 1) honest(call);
    else if (first === undefined) first = call;
    else honest(first);
  });
  await using bench = new Bench();
  const reply = bench.announce(tracker.url);
  await bench.clock.untilWaiting(RESEND_AFTER_MS);
  bench.clock.advance(RESEND_AFTER_MS);
  assertEquals((await reply).peers, PEERS);
});

Deno.test("UdpAnnouncer ends when its signal aborts, and sends no more", async () => {
  await using tracker = await serveUdp(() => {});
  await using bench = new Bench();
  const reply = bench.announce(tracker.url).catch((error) => error);
  await bench.clock.untilWaiting(RESEND_AFTER_MS);
  bench.stop.abort("enough");
  assertEquals(await reply, "enough");
});

/** What villains send before the true answer: none of it must be taken. */
const NOISE: readonly [string, (call: UdpCall) => void][] = [
  ["an empty packet", (call) => call.replyRaw(new Uint8Array(0))],
  ["seven bytes", (call) => call.replyRaw(call.bytes.subarray(0, 7))],
  ["another number", (call) => {
    const bytes = new Uint8Array(26);
    new DataView(bytes.buffer).setUint32(0, call.action);
    new DataView(bytes.buffer).setUint32(4, call.view.getUint32(12) ^ 1);
    call.replyRaw(bytes);
  }],
  ["a scrape's answer", (call) => call.reply(2, "00".repeat(12))],
  ["an unknown action", (call) => call.reply(99, "00".repeat(20))],
  ["the answer to the other question", (call) => call.reply(1 - call.action, "00".repeat(20))],
];

for (const [name, noise] of NOISE) {
  Deno.test(`UdpAnnouncer ignores ${name}`, async () => {
    await using tracker = await serveUdp((call) => {
      noise(call);
      honest(call);
    });
    await using bench = new Bench();
    assertEquals((await bench.announce(tracker.url)).peers, PEERS);
  });
}

Deno.test("UdpAnnouncer ignores who answers from another place, were it with the right number", async () => {
  await using spoofer = new UdpSocket({ bind: "127.0.0.8" });
  await using tracker = await serveUdp(async (call) => {
    const forged = new Uint8Array(20 + 6).fill(9);
    new DataView(forged.buffer).setUint32(0, call.action);
    new DataView(forged.buffer).setUint32(4, call.view.getUint32(12));
    await spoofer.send(forged, { host: call.from.address, port: call.from.port });
    honest(call);
  });
  await using bench = new Bench();
  assertEquals((await bench.announce(tracker.url)).peers, PEERS);
});

/** What is wrong with a tracker's true answer to the announce. */
const REFUSALS: readonly [string, (call: UdpCall) => void, string][] = [
  ["an error", (call) => call.reply(3, toHex("not \x1b[1mregistered\0junk")), "not [1mregistered"],
  ["an error without a text", (call) => call.reply(3, ""), 'says: ""'],
  ["a header with nothing after it", (call) => call.reply(1, ""), "may not serve this torrent"],
  ["nineteen bytes", (call) => call.reply(1, "00".repeat(11)), "may not serve this torrent"],
  ["peers and a bit", (call) => call.reply(1, "00".repeat(12 + 7)), "not a multiple of 6"],
];

for (const [name, refuse, words] of REFUSALS) {
  Deno.test(`UdpAnnouncer takes ${name} for an error`, async () => {
    await using tracker = await serveUdp((call) => call.action === 0 ? honest(call) : refuse(call));
    await using bench = new Bench();
    const error = await assertRejects(() => bench.announce(tracker.url), TrackerError, words);
    assertStringIncludes(error.message, "udp://127.0.0.1");
  });
}

Deno.test("UdpAnnouncer takes an error and a cut answer to connect for errors", async () => {
  await using strict = await serveUdp((call) => call.reply(3, toHex("go away")));
  await using short = await serveUdp((call) => call.reply(0, "00000000"));
  await using bench = new Bench();
  await assertRejects(() => bench.announce(strict.url), TrackerError, "go away");
  await assertRejects(() => bench.announce(short.url), TrackerError, "12 bytes");
});

Deno.test("UdpAnnouncer refuses a tracker of the family that it is not bound to", async () => {
  await using bench = new Bench();
  await assertRejects(() => bench.announce("udp://[::1]:9/"), TrackerError, "bound to");
});

Deno.test("UdpAnnouncer looks names up, and says when there is none", async () => {
  await using tracker = await serveUdp(honest);
  await using socket = new UdpSocket({ bind: "127.0.0.1" });
  const { signal } = new AbortController();
  const resolve = (host: string) =>
    host === "tracker.example"
      ? Promise.resolve(["::1", "127.0.0.1"])
      : Promise.reject(new Error("ENOTFOUND"));
  const announcer = new UdpAnnouncer({ socket, resolve });
  const url = new URL(tracker.url.replace("127.0.0.1", "tracker.example"));
  assertEquals((await announcer.announce(url, REQUEST, { signal })).peers, PEERS);
  const nowhere = new URL("udp://nowhere.example:1/");
  const failing = () => announcer.announce(nowhere, REQUEST, { signal });
  await assertRejects(failing, TrackerError, "ENOTFOUND");
});

function toHex(text: string): string {
  return new TextEncoder().encode(text).toHex();
}
