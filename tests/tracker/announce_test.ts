import { assert, assertEquals, assertRejects } from "@std/assert";
import { UdpSocket } from "../../lib/base/udp_socket.ts";
import { Announcer, type TrackerEvent } from "../../lib/tracker/announce.ts";
import { countDescriptors } from "../support/system.ts";
import { Bench, eventsOf, failing, reply } from "./announcer_bench.ts";
import { honest, type HttpVillain, REQUEST, serveHttp, serveRaw, serveUdp } from "./villains.ts";

Deno.test("Announcer says started once, then nothing, completed and stopped", async () => {
  await using tracker = serveHttp(() => reply(1));
  let reports: readonly TrackerEvent[] = [];
  {
    await using bench = new Bench([[tracker.url]]);
    reports = bench.reports;
    assertEquals(await bench.nextPorts(), [1]);
    await bench.pass(1800);
    assertEquals(await bench.nextPorts(), [1]);
    bench.announcer.completed();
    assertEquals(await bench.nextPorts(), [1]);
    await bench.pass(1800);
    assertEquals(await bench.nextPorts(), [1]);
  }
  assertEquals(eventsOf(tracker), ["started", null, "completed", null, "stopped"]);
  assertEquals(reports.length, 4, "the goodbye is no news");
  const [first] = tracker.requests;
  const said = ["uploaded", "downloaded", "left", "numwant"].map((name) =>
    first?.searchParams.get(name)
  );
  assertEquals(said, ["3", "4", "5", "200"]);
});

Deno.test("Announcer says completed before stopped when the end follows at once", async () => {
  await using tracker = serveHttp(() => reply(1));
  {
    await using bench = new Bench([[tracker.url]]);
    await bench.nextPorts();
    bench.announcer.completed();
  }
  assertEquals(eventsOf(tracker), ["started", "completed", "stopped"]);
});

Deno.test("Announcer says completed once, though the end comes before the reply to it", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  await using tracker = serveHttp(async (request) => {
    if (new URL(request.url).searchParams.get("event") === "completed") {
      asked.resolve();
      await answer.promise;
    }
    return reply(1);
  });
  {
    await using bench = new Bench([[tracker.url]]);
    await bench.nextPorts();
    bench.announcer.completed();
    await asked.promise;
    const ended = bench.announcer[Symbol.asyncDispose]();
    answer.resolve();
    await ended;
  }
  assertEquals(eventsOf(tracker), ["started", "completed", "stopped"]);
});

Deno.test("Announcer asks public tiers side by side, and one tracker of each", async () => {
  await using one = serveHttp(() => reply(1));
  await using two = serveHttp(() => reply(2));
  await using spare = serveHttp(() => reply(3));
  await using dead = serveRaw("");
  {
    await using bench = new Bench([[dead.url], [one.url, spare.url], [two.url]]);
    const ports = [...await bench.nextPorts(), ...await bench.nextPorts()];
    assertEquals(ports.sort().length, 2);
    assert(!bench.announcer.isHopeless);
  }
  assertEquals(one.requests.length + spare.requests.length, 2);
  assertEquals(two.requests.length, 2);
});

Deno.test("Announcer goes on to the next of a tier, and stays with who answers", async () => {
  await using bad = serveHttp(failing);
  await using good = serveHttp(() => reply(7));
  // 0.5 leaves a tier of two as it is.
  await using bench = new Bench([[bad.url, good.url]]);
  assertEquals(await bench.nextPorts(), [7]);
  await bench.pass(1800);
  assertEquals(await bench.nextPorts(), [7]);
  assertEquals([bad.requests.length, good.requests.length], [1, 2]);
  assertEquals(bench.reports.map(({ status }) => status), ["failed", "ok", "ok"]);
  assertEquals(bench.reports[1]?.seconds, 1800);
});

Deno.test("Announcer asks a private torrent's trackers one at a time, and tells of a switch", async () => {
  let isDown = false;
  await using first = serveHttp(() => isDown ? failing() : reply(1));
  await using second = serveHttp(() => reply(2));
  await using bench = new Bench([[first.url], [second.url]], { isPrivate: true });
  assertEquals(await bench.nextPorts(), [1]);
  assertEquals([second.requests.length, bench.switches], [0, 0]);
  isDown = true;
  await bench.pass(1800);
  assertEquals(await bench.nextPorts(), [2]);
  assertEquals(bench.switches, 1);
  isDown = false;
  await bench.pass(1800);
  assertEquals(await bench.nextPorts(), [2]);
  assertEquals([first.requests.length, second.requests.length, bench.switches], [2, 2, 1]);
  assertEquals(eventsOf(second), ["started", null]);
});

Deno.test("Announcer leaves a failing tracker alone for longer each time, and tells of it once", async () => {
  await using tracker = serveHttp(failing);
  await using bench = new Bench([[tracker.url]], { random: () => 0 });
  for (const seconds of [22.5, 45, 90, 180]) await bench.pass(seconds);
  await bench.clock.untilWaiting(360_000);
  assertEquals(tracker.requests.length, 5);
  assertEquals(bench.reports.length, 1);
  assert(bench.reports[0]?.message?.includes('the tracker says: "closed"'));
  assert(bench.announcer.isHopeless);
});

Deno.test("Announcer leaves a failing tracker alone for as long as it says", async (t) => {
  const rows = [
    ["a number", "i7e", 7 * 60],
    ["a number as text", "1:7", 7 * 60],
    ["never", "5:never", Infinity],
    ["a number that is none", "i0e", 22.5],
    ["what makes no sense", "4:soon", 22.5],
  ] as const;
  for (const [words, value, seconds] of rows) {
    await t.step(words, async () => {
      const body = `d14:failure reason6:closed8:retry in${value}e`;
      await using tracker = serveHttp(() => new Response(body));
      await using bench = new Bench([[tracker.url]], { random: () => 0 });
      const napSeconds = Math.min(seconds, 24 * 60 * 60);
      await bench.pass(napSeconds);
      await bench.clock.untilWaiting(napSeconds * (seconds < 60 ? 2000 : 1000));
      assertEquals(tracker.requests.length, seconds === Infinity ? 1 : 2);
    });
  }
});

Deno.test("Announcer asks sooner when it is starved", async () => {
  await using tracker = serveHttp(() => reply(1, "", "d8:intervali1800e12:min intervali300e"));
  await using bench = new Bench([[tracker.url]]);
  await bench.nextPorts();
  await bench.clock.untilWaiting(1_800_000);
  bench.announcer.starve();
  await bench.pass(300);
  assertEquals(await bench.nextPorts(), [1]);
  bench.announcer.satisfy();
  bench.announcer.starve();
  await bench.clock.untilWaiting(300_000);
  assertEquals(tracker.requests.length, 2);
});

Deno.test("Announcer tells a tracker its id again, and shows a warning once", async () => {
  await using tracker = serveHttp(() => {
    return new Response("d10:tracker id3:abc15:warning message8:\x1b[1mfulle");
  });
  await using bench = new Bench([[tracker.url]]);
  await bench.untilReported(1);
  await bench.pass(1800);
  await bench.untilReported(2);
  assertEquals(bench.reports.map(({ status, message }) => [status, message]), [
    ["warning", "[1mfull"],
    ["ok", undefined],
  ]);
  assertEquals(tracker.requests.map(({ searchParams }) => searchParams.get("trackerid")), [
    null,
    "abc",
  ]);
});

Deno.test("Announcer gives up on a silent tracker after 30 s, and on a silent goodbye after 5 s", async () => {
  let isMute = true;
  await using tracker = serveHttp((): Response | Promise<Response> => {
    if (!isMute) return reply(1);
    return new Promise(() => {});
  });
  await using silent = serveRaw("");
  await using bench = new Bench([[silent.url]]);
  await bench.pass(30);
  await bench.untilReported(1);
  assert(bench.reports[0]?.message?.endsWith("no answer in 30 s"));
  isMute = false;
  const polite = new Bench([[tracker.url]]);
  await polite.nextPorts();
  isMute = true;
  const disposal = polite[Symbol.asyncDispose]();
  await polite.pass(5);
  await disposal;
});

Deno.test("Announcer asks trackers over UDP", async () => {
  await using tracker = await serveUdp(honest);
  {
    await using bench = new Bench([[tracker.url]]);
    assertEquals(await bench.nextPorts(), [1, 2]);
  }
  const events = tracker.calls.filter(({ action }) => action === 1);
  assertEquals(events.map(({ view }) => view.getUint32(80)), [2, 3]);
});

Deno.test("Announcer without trackers ends at once, and has no hope", async () => {
  await using bench = new Bench([]);
  assert((await bench.addresses.next()).done);
  assertEquals([bench.announcer.isHopeless, bench.announcer.hasTrackers], [true, false]);
});

Deno.test("Announcer sends nothing to URLs that must not be asked", async () => {
  await using tracker = serveHttp(() => reply(1));
  const secret = `http://127.0.0.1:${tracker.port}/secret`;
  await using bench = new Bench([[secret], ["nonsense"], ["wss://a.example/"]]);
  await bench.untilReported(3);
  assertEquals(tracker.requests.length, 0);
  assert(bench.announcer.isHopeless);
});

/** Where an abort may come: with whom the announcer is just then. */
const STAGES: readonly [string, () => HttpVillain | Promise<HttpVillain>][] = [
  ["a tracker sends no headers", () => serveRaw("")],
  ["a tracker's body stalls", () => serveRaw("HTTP/1.1 200 OK\r\n\r\nd5:pe...")],
  ["a tracker failed", () => serveHttp(failing)],
  ["it sleeps", () => serveHttp(() => reply(1))],
  ["a UDP tracker is silent", async () => {
    return { ...await serveUdp(() => {}), port: 0, requests: [] };
  }],
];

for (const [name, serve] of STAGES) {
  Deno.test(`Announcer ends at once and leaves nothing open when aborted while ${name}`, async () => {
    const before = countDescriptors();
    {
      await using tracker = await serve();
      await using bench = new Bench([[tracker.url]]);
      const isSleeping = name === "it sleeps" || name === "a tracker failed";
      if (isSleeping) await bench.untilReported(1);
      else await bench.clock.untilWaiting(30_000);
      if (name === "it sleeps") await bench.nextPorts();
      bench.stop.abort(new Error("enough"));
      await assertRejects(() => bench.addresses.next(), Error, "enough");
    }
    assertEquals(countDescriptors(), before);
  });
}

Deno.test("Announcer that was aborted before it began asks nobody", async () => {
  await using tracker = serveHttp(() => reply(1));
  const { infoHash, peerId, port } = REQUEST;
  await using udp = new UdpSocket();
  await using announcer = new Announcer({
    trackers: [[tracker.url]],
    isPrivate: false,
    infoHash,
    peerId,
    port,
    stats: () => ({ uploadedBytes: 0, downloadedBytes: 0, leftBytes: 0 }),
    udp,
    signal: AbortSignal.abort(new Error("enough")),
  });
  await assertRejects(() => announcer.addresses().next(), Error, "enough");
  assertEquals(tracker.requests.length, 0);
});
