import { assert } from "@std/assert";
import { UdpSocket } from "../../lib/base/udp_socket.ts";
import type { TrackerEvent } from "../../lib/tracker/announce.ts";
import { TrackerClient } from "../../lib/tracker/client.ts";
import { Tracker } from "../../lib/tracker/tracker.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { REQUEST, serveHttp } from "./villains.ts";

const KEY = "0123456789abcdef0123456789abcdef";

const LONG = "x".repeat(280);

const REPEATING: readonly (readonly [string, string, string])[] = [
  ["as its reason", `d14:failure reason40:unknown ${KEY}e`, "unknown 0123…"],
  ["as a warning", `d15:warning message32:${KEY}e`, "0123…"],
  ["at the end of what is shown", `d14:failure reason312:${LONG}${KEY}e`, "xxx0123…"],
  ["with controls in it", `d15:warning message33:0123\x07${KEY.slice(4)}e`, "0123…"],
];

for (const [how, body, shown] of REPEATING) {
  Deno.test(`Tracker reports no passkey that the tracker repeats ${how}`, async () => {
    await using server = serveHttp(() => new Response(body));
    await using udp = new UdpSocket({ bind: "127.0.0.1" });
    using client = new TrackerClient({ udp });
    const reports: TrackerEvent[] = [];
    const tracker = new Tracker(`${server.url}?passkey=${KEY}`, {
      client,
      clock: new FakeClock(),
      random: () => 0.5,
      request: (event) => ({ ...REQUEST, event }),
      report: (event) => reports.push(event),
    });
    await tracker.announce("started", { signal: new AbortController().signal });
    assert(reports[0]?.message?.includes(shown), reports[0]?.message);
    assert(!JSON.stringify(reports).includes(KEY.slice(0, 5)));
  });
}
