/**
 * A home: a machine with a private address behind a gateway that runs miniupnpd, each in a network namespace
 * of its own. For root, on Linux.
 *
 * @module
 */
import { TemporaryFolder } from "./loopback.ts";
import { Program, run } from "./process.ts";

/** The gateway's address on our side. */
const GATEWAY_HOST = "192.168.50.1";
/** Ours. */
export const HOME_HOST = "192.168.50.20";
/** What the gateway says that its address on the other side is. */
export const EXTERNAL_HOST = "5.9.5.9";

/** The chains that miniupnpd writes to. */
const RULES = `table inet filter {
  chain forward { type filter hook forward priority 0; policy accept; jump miniupnpd; }
  chain miniupnpd { }
  chain prerouting { type nat hook prerouting priority -100; policy accept; jump prerouting_miniupnpd; }
  chain postrouting { type nat hook postrouting priority 100; policy accept; jump postrouting_miniupnpd; }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
}
`;

/** One home; its disposal takes everything down. */
export class Home implements AsyncDisposable {
  readonly #names: { readonly gateway: string; readonly home: string };
  readonly #resources: AsyncDisposableStack;

  private constructor(
    names: { readonly gateway: string; readonly home: string },
    resources: AsyncDisposableStack,
  ) {
    this.#names = names;
    this.#resources = resources;
  }

  /** @param speaks what miniupnpd is to speak: PCP comes with NAT-PMP */
  static async build(speaks: "pcp" | "upnp"): Promise<Home> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await TemporaryFolder.make());
    const names = { gateway: `wt-gateway-${Deno.pid}`, home: `wt-home-${Deno.pid}` };
    for (const name of Object.values(names)) {
      await ip("netns", "add", name);
      stack.defer(async () => {
        await ip("netns", "del", name);
      });
    }
    await layCables(names);
    await Deno.writeTextFile(folder.join("rules"), RULES);
    await inside(names.gateway, "nft", "-f", folder.join("rules"));
    await Deno.writeTextFile(folder.join("conf"), configOf(speaks));
    const daemon = stack.use(Program.start({
      command: "ip",
      args: [
        ...["netns", "exec", names.gateway, "miniupnpd", "-d"],
        ...["-f", folder.join("conf"), "-P", folder.join("pid")],
      ],
      debianPackage: "iproute2 miniupnpd-nftables",
    }));
    await daemon.untilReady(() => /HTTP listening|Listening for NAT-PMP/.test(daemon.output));
    return new Home(names, stack.move());
  }

  /** Starts a program in the home. */
  start(command: string, args: readonly string[]): Program {
    return Program.start({
      command: "ip",
      args: ["netns", "exec", this.#names.home, command, ...args],
      debianPackage: "iproute2",
    });
  }

  /** The ports that the gateway sends on, such as `6881 -> 192.168.50.20:6881`. */
  async mappings(): Promise<readonly string[]> {
    const rules = await inside(this.#names.gateway, "nft", "list", "ruleset");
    return [...rules.matchAll(/dport (\d+) dnat ip to (\S+)/g)].map(([, from, to]) =>
      `${from} -> ${to}`
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

/** From the home to the gateway, and from there to the world, which is nobody. */
async function layCables(names: { readonly gateway: string; readonly home: string }) {
  const { gateway, home } = names;
  await inside(gateway, ...words("ip link add lan type veth peer name eth0 netns"), home);
  await inside(gateway, ...words("ip link add wan type veth peer name world"));
  await inside(gateway, ...words(`ip addr add ${GATEWAY_HOST}/24 dev lan`));
  await inside(gateway, ...words("ip addr add 198.51.100.7/24 dev wan"));
  await inside(home, ...words(`ip addr add ${HOME_HOST}/24 dev eth0`));
  for (const link of ["lo", "lan", "wan", "world"]) await up(gateway, link);
  for (const link of ["lo", "eth0"]) await up(home, link);
  await inside(gateway, ...words("ip route add default via 198.51.100.254"));
  await inside(home, ...words(`ip route add default via ${GATEWAY_HOST}`));
}

function up(namespace: string, link: string): Promise<string> {
  return inside(namespace, ...words(`ip link set ${link} up`));
}

function configOf(speaks: "pcp" | "upnp"): string {
  return `ext_ifname=wan
ext_ip=${EXTERNAL_HOST}
listening_ip=lan
enable_upnp=${speaks === "upnp" ? "yes" : "no"}
enable_natpmp=${speaks === "pcp" ? "yes" : "no"}
secure_mode=yes
uuid=00000000-0000-0000-0000-000000000001
upnp_table_name=filter
upnp_nat_table_name=filter
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
allow 1024-65535 192.168.50.0/24 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
`;
}

function words(text: string): readonly string[] {
  return text.split(" ");
}

function inside(namespace: string, ...command: readonly string[]): Promise<string> {
  return ip("netns", "exec", namespace, ...command);
}

/** @throws {Error} with what it said, when it fails */
async function ip(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run({ command: "ip", args, debianPackage: "iproute2" });
  if (code !== 0) throw new Error(`Cannot run "ip ${args.join(" ")}": ${stderr}`);
  return stdout;
}
