/**
 * Peer exchange with libtorrent, both ways: each hears of a peer by the other alone. Nobody has any of the
 * torrent, so that all stay. Run by name: `deno test -A tests/interop/pex.ts`.
 *
 * @module
 */
import { assert } from "@std/assert";
import { freePort, LOOPBACK, TemporaryFolder } from "./support/loopback.ts";
import { Program } from "./support/process.ts";
import { makeTorrent } from "./support/torrents.ts";

const MAIN_PATH = new URL("../../main.ts", import.meta.url).pathname;
const PYTHON_SCRIPT = new URL("libtorrent_pex.py", import.meta.url).pathname;

/** Each has an address of its own: nobody follows up two ports of one host. */
const HOSTS = { middle: "127.0.0.2", left: "127.0.0.3", right: "127.0.0.4" } as const;

type Client = "westorrent" | "libtorrent";

Deno.test("libtorrent finds libtorrent by our peer exchange", async () => {
  await assertIntroduces("westorrent", ["libtorrent", "libtorrent"]);
});

Deno.test("we find one another by libtorrent's peer exchange", async () => {
  await assertIntroduces("libtorrent", ["westorrent", "westorrent"]);
});

Deno.test("libtorrent and we find one another by our peer exchange", async () => {
  await assertIntroduces("westorrent", ["libtorrent", "westorrent"]);
});

/** Two clients that know the one in the middle come to know each other. */
async function assertIntroduces(middle: Client, [left, right]: readonly [Client, Client]) {
  await using folder = await TemporaryFolder.make();
  const { torrentPath } = await makeTorrent(folder.path, {
    name: "content.bin",
    content: 64 * 1024,
    pieceLengthBytes: 16 * 1024,
    announce: `http://${LOOPBACK}:${await freePort()}/announce`,
  });
  const port = await freePort();
  const join = async (client: Client, host: string, options: Omit<Membership, "host">) => {
    const output = await folder.folder(host);
    return start(client, torrentPath, { ...options, host, output });
  };
  await using stack = new AsyncDisposableStack();
  const hub = stack.use(await join(middle, HOSTS.middle, { port }));
  await hub.untilReady(() => /READY|"listening"/.test(hub.output));
  const peer = `${HOSTS.middle}:${port}`;
  const one = stack.use(await join(left, HOSTS.left, { port: await freePort(), peer }));
  const other = stack.use(await join(right, HOSTS.right, { port: await freePort(), peer }));
  await one.untilReady(() => hasMet(one, HOSTS.right));
  await other.untilReady(() => hasMet(other, HOSTS.left));
  assert(hasMet(one, HOSTS.middle) && hasMet(other, HOSTS.middle));
}

interface Membership {
  readonly host: string;
  readonly port: number;
  /** The one that it knows. */
  readonly peer?: string;
}

function start(
  client: Client,
  torrentPath: string,
  { host, port, peer, output }: Membership & { readonly output: string },
): Program {
  if (client === "libtorrent") {
    return Program.start({
      command: "/usr/bin/python3",
      args: [PYTHON_SCRIPT, torrentPath, output, host, `${port}`, ...(peer ? [peer] : [])],
      debianPackage: "python3-libtorrent",
    });
  }
  const own = [torrentPath, "-o", output, "--bind", host, "--port", `${port}`, "--json"];
  return Program.start({
    command: Deno.execPath(),
    args: ["run", "-A", "--no-prompt", MAIN_PATH, ...own, ...(peer ? ["--peer", peer] : [])],
    debianPackage: "npm's deno@2.9.6",
  });
}

/** Whether it says that a peer of this host is connected. */
function hasMet({ output }: Program, host: string): boolean {
  const connected = new RegExp(`"status":"connected","address":"${host}:|^peer ${host}$`, "m");
  return connected.test(output);
}
