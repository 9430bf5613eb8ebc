/**
 * The way out of our network: the router that may map a port of its own to ours.
 *
 * Linux says where it is. Elsewhere Deno has nothing that tells it without another program, so the first
 * address of our own network is taken for it, which is what most are set up with.
 *
 * @module
 */
import { isLoopback } from "../base/address.ts";
import { isPrivateHost } from "../base/host.ts";
import { isIPv4 } from "../base/ip.ts";

/** Where Linux lists its routes. */
const ROUTES_PATH = "/proc/net/route";

/** The flags of a route that is up and leads to a gateway. */
const GATEWAY_FLAGS = 0x3;

/** A router, and our address on its side. Both are IPv4 literals. */
export interface Gateway {
  readonly host: string;
  /** Private: or there would be nothing to map. */
  readonly localHost: string;
}

/** A network interface, as Deno lists them. */
export interface Interface {
  readonly address: string;
  readonly netmask: string;
}

/**
 * The gateway of this machine; undefined when there is none, when our address is not a private one, or
 * when Deno does not let us look (it is not asked for permission).
 *
 * @param bind the local address that everything is to come from
 */
export async function findGateway(bind?: string): Promise<Gateway | undefined> {
  if (!isGranted({ name: "sys", kind: "networkInterfaces" })) return undefined;
  const interfaces = Deno.networkInterfaces();
  if (Deno.build.os !== "linux") return chooseGateway(interfaces, { bind });
  if (!isGranted({ name: "read", path: ROUTES_PATH })) return undefined;
  return chooseGateway(interfaces, { bind, routers: parseRoutes(await readRoutes()) });
}

/**
 * The first router that one of our private addresses reaches directly.
 *
 * @param routers the best first; where unknown, the first address of each network
 */
export function chooseGateway(
  interfaces: readonly Interface[],
  { bind, routers }: { readonly bind?: string | undefined; readonly routers?: readonly string[] },
): Gateway | undefined {
  const ours = interfaces.filter(({ address }) =>
    isIPv4(address) && isPrivateHost(address) && !isLoopback(address) &&
    (bind === undefined || bind === address)
  );
  for (const host of routers ?? ours.map(firstHost)) {
    const own = ours.find((each) => each.address !== host && isInNetwork(host, each));
    if (own !== undefined) return { host, localHost: own.address };
  }
  return undefined;
}

/** The gateways of the default routes in Linux's table, the one of least cost first. */
export function parseRoutes(table: string): string[] {
  return table.split("\n").slice(1).flatMap((line) => {
    const [, destination, gateway = "", flags = "", , , metric, mask] = line.split(/\s+/);
    const isDefault = destination === "00000000" && mask === "00000000";
    const isWay = (parseInt(flags, 16) & GATEWAY_FLAGS) === GATEWAY_FLAGS;
    if (!isDefault || !isWay || !/^[0-9A-F]{8}$/i.test(gateway)) return [];
    // The bytes stand in the machine's order, the last one first on every machine that Deno runs on.
    const host = Uint8Array.fromHex(gateway).reverse().join(".");
    return [{ host, metric: Number(metric) }];
  }).sort((a, b) => a.metric - b.metric).map(({ host }) => host);
}

async function readRoutes(): Promise<string> {
  try {
    return await Deno.readTextFile(ROUTES_PATH);
  } catch (error) {
    // A system that hides it has no gateway for us.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return "";
    }
    throw error;
  }
}

/** Whether Deno lets us without asking anybody. */
function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

function isInNetwork(host: string, { address, netmask }: Interface): boolean {
  const mask = toNumber(netmask);
  return (toNumber(host) & mask) === (toNumber(address) & mask);
}

function firstHost({ address, netmask }: Interface): string {
  const first = ((toNumber(address) & toNumber(netmask)) + 1) >>> 0;
  return [24, 16, 8, 0].map((shift) => (first >>> shift) & 0xff).join(".");
}

function toNumber(host: string): number {
  return host.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}
