import { assertEquals } from "@std/assert";
import { chooseGateway, type Interface, parseRoutes } from "../../lib/reach/gateway.ts";

const HEAD =
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   ";

function route(gateway: string, options: { flags?: string; metric?: number; to?: string } = {}) {
  const { flags = "0003", metric = 100, to = "00000000\t00000000" } = options;
  const [destination, mask] = to.split("\t");
  return ["eth0", destination, gateway, flags, 0, 0, metric, mask, 0, 0, 0].join("\t");
}

Deno.test("parseRoutes() finds the gateways of the default routes, the nearest first", async (t) => {
  const rows: readonly (readonly [string, string, readonly string[]])[] = [
    ["one", route("0101A8C0"), ["192.168.1.1"]],
    ["two", [route("0100000A"), route("0101A8C0", { metric: 9 })].join("\n"), [
      "192.168.1.1",
      "10.0.0.1",
    ]],
    ["a route to one network", route("0101A8C0", { to: "0000FEA9\t0000FFFF" }), []],
    ["a route without a gateway", route("00000000", { flags: "0001" }), []],
    ["a route that is down", route("0101A8C0", { flags: "0002" }), []],
    ["a broken line", "eth0\t00000000\tnothing\t0003\t0\t0\t0\t00000000", []],
    ["a short line", "eth0", []],
    ["nothing", "", []],
  ];
  for (const [words, lines, expected] of rows) {
    await t.step(words, () => assertEquals(parseRoutes(`${HEAD}\n${lines}\n`), expected));
  }
  await t.step("no table at all", () => assertEquals(parseRoutes(""), []));
});

const LO: Interface = { address: "127.0.0.1", netmask: "255.0.0.0" };
const LAN: Interface = { address: "192.168.1.20", netmask: "255.255.255.0" };
const VPN: Interface = { address: "10.8.200.6", netmask: "255.255.0.0" };
const SIX: Interface = { address: "fd00::2", netmask: "ffff:ffff:ffff:ffff::" };
const PUBLIC: Interface = { address: "203.0.113.7", netmask: "255.255.255.0" };

interface Choice {
  readonly interfaces: readonly Interface[];
  readonly bind?: string;
  readonly routers?: readonly string[];
  readonly is?: readonly [string, string];
}

Deno.test("chooseGateway() takes the router that a private address of ours reaches", async (t) => {
  const routers = ["192.168.1.1"];
  const rows: readonly (readonly [string, Choice])[] = [
    ["that of our network", {
      interfaces: [LO, SIX, VPN, LAN],
      routers,
      is: ["192.168.1.1", "192.168.1.20"],
    }],
    ["another one where the first is in no network of ours", {
      interfaces: [LO, VPN],
      routers: [...routers, "10.8.0.1"],
      is: ["10.8.0.1", "10.8.200.6"],
    }],
    ["none without a router", { interfaces: [LO, LAN], routers: [] }],
    ["none with a public address", { interfaces: [LO, PUBLIC], routers: ["203.0.113.1"] }],
    ["none with loopback alone", { interfaces: [LO], routers: ["127.0.0.2"] }],
    ["none that is ourselves", { interfaces: [LAN], routers: ["192.168.1.20"] }],
    ["that of the address to bind", {
      interfaces: [LAN, VPN],
      bind: "10.8.200.6",
      routers: [...routers, "10.8.0.1"],
      is: ["10.8.0.1", "10.8.200.6"],
    }],
    ["none for a loopback address to bind", { interfaces: [LO, LAN], bind: "127.0.0.1", routers }],
    ["none for an IPv6 address to bind", { interfaces: [SIX, LAN], bind: "fd00::2", routers }],
    ["the first of the network where routers are unknown", {
      interfaces: [LO, SIX, VPN],
      is: ["10.8.0.1", "10.8.200.6"],
    }],
    ["none where we are the first of the network", {
      interfaces: [{ ...LAN, address: "192.168.1.1" }],
    }],
  ];
  for (const [words, { interfaces, bind, routers, is }] of rows) {
    await t.step(words, () => {
      const chosen = chooseGateway(interfaces, { bind, ...(routers ? { routers } : {}) });
      assertEquals(chosen, is === undefined ? undefined : { host: is[0], localHost: is[1] });
    });
  }
});
