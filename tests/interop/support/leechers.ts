/**
 * Other people's clients, downloading one torrent on loopback, by what its tracker tells them.
 *
 * @module
 */
import { freePort, TemporaryFolder } from "./loopback.ts";
import { Program, run } from "./process.ts";

/** What to download, and where to. */
export interface LeechOptions {
  readonly torrentPath: string;
  readonly output: string;
  /** The address of the loopback network that it uses. */
  readonly host: string;
}

/** A client that downloads; `download` resolves once it says that everything is there. */
export interface LeechingClient {
  readonly name: string;
  readonly download: (options: LeechOptions) => Promise<void>;
}

/** Every client that we promise to get on with, but Transmission, which dials no loopback address. */
export const LEECHING_CLIENTS: readonly LeechingClient[] = [
  { name: "aria2", download: downloadWithAria2 },
  { name: "rtorrent", download: downloadWithRtorrent },
  { name: "libtorrent", download: downloadWithLibtorrent },
];

async function downloadWithAria2({ torrentPath, output, host }: LeechOptions): Promise<void> {
  const port = await freePort();
  const { code, stdout } = await run({
    command: "aria2c",
    args: [
      `--dir=${output}`,
      "--no-conf",
      `--interface=${host}`,
      "--seed-time=0",
      `--listen-port=${port}`,
      "--enable-dht=false",
      "--enable-dht6=false",
      "--disable-ipv6=true",
      "--bt-enable-lpd=false",
      "--enable-peer-exchange=false",
      "--file-allocation=none",
      "--summary-interval=0",
      torrentPath,
    ],
    debianPackage: "aria2",
  });
  if (code !== 0) throw new Error(`aria2 failed: ${stdout}`);
}

async function downloadWithRtorrent({ torrentPath, output, host }: LeechOptions): Promise<void> {
  await using folder = await TemporaryFolder.make();
  const [session, done, config] = [await folder.folder("session"), folder.join("done"), "rc"];
  const port = await freePort();
  await Deno.writeTextFile(
    folder.join(config),
    `system.daemon.set = true
session.path.set = ${session}
directory.default.set = ${output}
network.bind_address.set = ${host}
network.port_range.set = ${port}-${port}
network.port_random.set = no
dht.mode.set = disable
protocol.pex.set = no
trackers.use_udp.set = no
method.set_key = event.download.finished, done, "execute.nothrow.bg=touch,${done}"
load.start = ${torrentPath}
`,
  );
  await using program = Program.start({
    command: "rtorrent",
    args: ["-n", "-o", `import=${folder.join(config)}`],
    debianPackage: "rtorrent",
  });
  await program.untilReady(() => Deno.stat(done).then(() => true, () => false));
}

async function downloadWithLibtorrent({ torrentPath, output, host }: LeechOptions): Promise<void> {
  const script = new URL("../libtorrent_leecher.py", import.meta.url).pathname;
  const { code, stderr } = await run({
    command: "/usr/bin/python3",
    args: [script, torrentPath, output, host, `${await freePort()}`],
    debianPackage: "python3-libtorrent",
  });
  if (code !== 0) throw new Error(`libtorrent failed: ${stderr}`);
}
