import { assert, assertEquals } from "@std/assert";
import type { PeerAddress } from "../../lib/base/address.ts";
import { UdpSocket } from "../../lib/base/udp_socket.ts";
import type { DownloadEvent } from "../../lib/events.ts";
import { MAX_XML_LENGTH } from "../../lib/reach/igd.ts";
import type { Mapping } from "../../lib/reach/mapper.ts";
import { keepMapped, RETRY_MS } from "../../lib/reach/port_mapping.ts";
import { FakeClock } from "../support/fake_clock.ts";
import {
  FakeGateway,
  type FakeGatewayOptions,
  GATEWAY_HOST,
  LOCAL_HOST,
  natPmpAnswer,
  pcpAnswer,
  soapFault,
} from "./fake_gateway.ts";

const PORT = 6881;

/** A port that is kept mapped by a gateway, until close(). */
class Rig implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly events: DownloadEvent[] = [];
  readonly mappings: Mapping[] = [];
  readonly gateway: FakeGateway;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #changed = Promise.withResolvers<void>();

  constructor(gateway: FakeGateway) {
    this.gateway = gateway;
    this.#ended = keepMapped({
      port: PORT,
      signal: this.#stop.signal,
      report: (event) => this.#note(event),
      onMapped: (mapping) => this.mappings.push(mapping),
      gateway: { host: GATEWAY_HOST, localHost: LOCAL_HOST },
      gatewayPort: gateway.gatewayPort,
      ssdpPort: gateway.ssdpPort,
      clock: this.clock,
    });
  }

  static async start(options: FakeGatewayOptions): Promise<Rig> {
    return new Rig(await FakeGateway.start(options));
  }

  /** Resolves with what was reported, once that is so many. */
  async until(count: number): Promise<readonly Readonly<Record<string, unknown>>[]> {
    while (this.events.length < count) await this.#changed.promise;
    return this.events.map(({ kind: _, ...rest }) => rest);
  }

  /** Lets the time of a question pass that nobody answers. */
  async waitInVain(): Promise<void> {
    for (const waitMs of [250, 500, 1000]) {
      await this.clock.untilWaiting(waitMs);
      this.clock.advance(waitMs);
    }
  }

  /** Ends the run; the gateway stays. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("enough"));
    await this.#ended;
  }

  #note(event: DownloadEvent): void {
    this.events.push(event);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.gateway[Symbol.asyncDispose]();
  }
}

Deno.test("keepMapped() maps by PCP, renews at half of the time, and takes it back", async () => {
  const pcp = (request: Uint8Array) =>
    pcpAnswer(request, { externalPort: 7000, lifetimeSeconds: 120 });
  await using rig = await Rig.start({ pcp });
  const mapped = {
    status: "mapped",
    method: "pcp",
    externalHost: "198.51.100.7",
    externalPort: 7000,
  };
  assertEquals(await rig.until(1), [mapped]);
  await rig.clock.untilWaiting(60_000);
  rig.clock.advance(60_000);
  assertEquals(await rig.until(2), [mapped, mapped]);
  await rig.stop();
  await rig.gateway.until(3);
  assertEquals(rig.gateway.asked, [`pcp ${PORT} 3600`, `pcp ${PORT} 3600`, `pcp ${PORT} 0`]);
  assertEquals(rig.mappings.map(({ externalPort }) => externalPort), [7000, 7000]);
});

Deno.test("keepMapped() renews as often as it has asked for, though more was granted", async () => {
  const pcp = (request: Uint8Array) => pcpAnswer(request, { lifetimeSeconds: 0xffff_ffff });
  await using rig = await Rig.start({ pcp });
  await rig.until(1);
  rig.clock.advance(1_800_000);
  assertEquals(rig.clock.waiting, 0, "it is time");
  await rig.until(2);
});

Deno.test("keepMapped() maps by NAT-PMP where the gateway is older", async () => {
  await using rig = await Rig.start({
    pcp: (request) => natPmpAnswer(request),
    natPmp: (request) => natPmpAnswer(request),
  });
  assertEquals(await rig.until(1), [{
    status: "mapped",
    method: "nat-pmp",
    externalHost: "198.51.100.8",
    externalPort: PORT,
  }]);
  await rig.stop();
  await rig.gateway.until(4);
  assertEquals(rig.gateway.asked, [
    `pcp ${PORT} 3600`,
    "nat-pmp address",
    `nat-pmp ${PORT} 3600`,
    `nat-pmp ${PORT} 0`,
  ]);
});

/** A gateway that refuses everything but UPnP. */
const UPNP: FakeGatewayOptions = {
  pcp: (request) => pcpAnswer(request, { result: 2 }),
  natPmp: (request) => natPmpAnswer(request, 2),
  location: (own) => own,
};

Deno.test("keepMapped() maps by UPnP where nothing else works", async () => {
  const address = "<NewExternalIPAddress>198.51.100.9</NewExternalIPAddress>";
  const bodies: string[] = [];
  await using rig = await Rig.start({
    ...UPNP,
    calls: {
      GetExternalIPAddress: () => new Response(address),
      AddPortMapping: (body) => {
        bodies.push(body);
        return new Response("");
      },
    },
  });
  assertEquals(await rig.until(1), [{
    status: "mapped",
    method: "upnp",
    externalHost: "198.51.100.9",
    externalPort: PORT,
  }]);
  for (
    const value of [`<NewInternalClient>${LOCAL_HOST}<`, `<NewInternalPort>${PORT}<`, ">3600<"]
  ) {
    assert(bodies[0]?.includes(value), value);
  }
  await rig.stop();
  assertEquals(rig.gateway.asked.slice(2), [
    "description",
    `AddPortMapping ${PORT}`,
    "GetExternalIPAddress",
    `DeletePortMapping ${PORT}`,
  ]);
});

Deno.test("keepMapped() takes another port by UPnP, or a mapping without an end", async () => {
  const faults = [soapFault(718), soapFault(725)];
  const bodies: string[] = [];
  const AddPortMapping = (body: string) => {
    bodies.push(body);
    return faults.shift() ?? new Response("");
  };
  await using rig = await Rig.start({ ...UPNP, calls: { AddPortMapping } });
  const [{ externalPort } = {}] = await rig.until(1);
  assert(Number(externalPort) >= 49_152, `${externalPort}`);
  assert(bodies[2]?.includes("<NewLeaseDuration>0<"), bodies[2]);
});

Deno.test("keepMapped() keeps a port by UPnP of a gateway that cannot say its own address", async () => {
  const GetExternalIPAddress = () => new Response("x".repeat(MAX_XML_LENGTH + 1));
  await using rig = await Rig.start({ ...UPNP, calls: { GetExternalIPAddress } });
  assertEquals(await rig.until(1), [{ status: "mapped", method: "upnp", externalPort: PORT }]);
  await rig.stop();
  assertEquals(rig.gateway.asked.at(-1), `DeletePortMapping ${PORT}`);
});

Deno.test("keepMapped() takes back by UPnP what it cannot renew", async () => {
  const answers = [new Response(""), soapFault(501)];
  const AddPortMapping = () => answers.shift() ?? soapFault(501);
  await using rig = await Rig.start({ ...UPNP, calls: { AddPortMapping } });
  await rig.until(1);
  rig.clock.advance(1_800_000);
  const [, { status } = {}] = await rig.until(2);
  assertEquals(status, "failed");
  await rig.stop();
  assertEquals(rig.gateway.asked.at(-1), `DeletePortMapping ${PORT}`);
});

Deno.test("keepMapped() asks by PCP again as the one who was given the port", async () => {
  const nonces: string[] = [];
  const pcp = (request: Uint8Array) => {
    nonces.push(request.subarray(24, 36).toHex());
    return pcpAnswer(request, { result: nonces.length === 2 ? 3 : 0 });
  };
  await using rig = await Rig.start({ pcp });
  await rig.until(1);
  rig.clock.advance(1_800_000);
  await rig.until(2);
  await rig.clock.untilWaiting(RETRY_MS);
  rig.clock.advance(RETRY_MS);
  await rig.until(3);
  assertEquals(new Set(nonces).size, 1);
});

Deno.test("keepMapped() asks for every protocol of a gateway that is silent, and again later", async () => {
  await using rig = await Rig.start({});
  for (const _ of ["pcp", "nat-pmp", "upnp"]) await rig.waitInVain();
  const silent = "the gateway does not answer";
  const message = ["pcp", "nat-pmp", "upnp"].map((name) => `${name}: ${silent}`).join("; ");
  assertEquals(await rig.until(1), [{ status: "failed", message }]);
  await rig.clock.untilWaiting(RETRY_MS);
  rig.clock.advance(RETRY_MS);
  for (const _ of ["pcp", "nat-pmp", "upnp"]) await rig.waitInVain();
  await rig.clock.untilWaiting(RETRY_MS);
  assertEquals(rig.events.length, 1, "the same trouble is no news");
});

/** Gateways that mean no good, all of whose PCP and NAT-PMP fails. */
const BAD: readonly (readonly [string, FakeGatewayOptions, RegExp])[] = [
  ["redirects the description", {
    description: () => new Response(null, { status: 302, headers: { location: "/elsewhere" } }),
  }, /upnp: the gateway does not answer over HTTP/],
  ["sends a description without end", {
    description: () => new Response("<service>".repeat(MAX_XML_LENGTH)),
  }, /upnp: the gateway's answer is too long/],
  ["describes nothing", { description: () => new Response("<root/>") }, /maps no ports by UPnP/],
  ["refuses by UPnP", { calls: { AddPortMapping: () => soapFault(606) } }, /refuses with code 606/],
  ["has no port left", { calls: { AddPortMapping: () => soapFault(718) } }, /has no port for us/],
  ["fails without a reason", {
    calls: { AddPortMapping: () => new Response("", { status: 500 }) },
  }, /refuses with code NaN/],
  ["maps port 0", { pcp: (request) => pcpAnswer(request, { externalPort: 0 }) }, /pcp: .* nothing/],
  ["maps for no time", {
    pcp: (request) => pcpAnswer(request, { lifetimeSeconds: 0 }),
  }, /pcp: the gateway maps nothing/],
];

Deno.test("keepMapped() reports a gateway that", async (t) => {
  for (const [words, options, message] of BAD) {
    await t.step(words, async () => {
      const onlyPcp = options.pcp === undefined ? {} : { description: () => new Response("") };
      await using rig = await Rig.start({ ...UPNP, ...onlyPcp, ...options });
      const [event] = await rig.until(1);
      assertEquals(event?.["status"], "failed");
      assert(message.test(`${event?.["message"]}`), `${event?.["message"]}`);
    });
  }
});

Deno.test("keepMapped() listens to the gateway only, and goes nowhere else", async () => {
  await using stranger = new UdpSocket({ bind: "127.0.0.9" });
  const pcp = (request: Uint8Array, from: PeerAddress) => {
    stranger.send(pcpAnswer(request), from);
    return undefined;
  };
  // Another name for the same machine: it could be reached.
  const location = (own: string) => own.replace(GATEWAY_HOST, "localhost");
  await using rig = await Rig.start({ pcp, location });
  for (const _ of ["pcp", "nat-pmp", "upnp"]) await rig.waitInVain();
  const [event] = await rig.until(1);
  assertEquals(event?.["status"], "failed");
  assertEquals(rig.gateway.asked.filter((asked) => asked === "description"), []);
});

Deno.test("keepMapped() does not wait long for a gateway that does not let go", async () => {
  const never = Promise.withResolvers<Response>();
  const calls = { DeletePortMapping: () => never.promise };
  await using rig = await Rig.start({ ...UPNP, calls });
  await rig.until(1);
  await rig.stop();
  never.resolve(new Response(""));
});

Deno.test("keepMapped() ends at once when it is stopped while it asks", async () => {
  await using rig = await Rig.start({});
  await rig.clock.untilWaiting(250);
  await rig.stop();
  assertEquals(rig.events, []);
});
