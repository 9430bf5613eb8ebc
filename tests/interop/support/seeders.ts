/**
 * Other people's clients, seeding one torrent on loopback, known only to its tracker.
 *
 * @module
 */
import { freePort, isListening, LOOPBACK, TemporaryFolder } from "./loopback.ts";
import { Program } from "./process.ts";

/** What to seed. */
export interface SeedOptions {
  readonly torrentPath: string;
  /** The folder that holds the torrent's file or folder. */
  readonly contentFolder: string;
  /** Where it listens; a free port when absent. */
  readonly port?: number;
  /** @default "usual" */
  readonly encryption?: ClientEncryption;
}

/** Which connections a client takes; "usual" where it takes all. */
export type ClientEncryption = "usual" | "require" | "off";

/** A client that seeds; `start` resolves once it takes connections, and disposal ends it. */
export interface SeedingClient {
  readonly name: string;
  readonly start: (options: SeedOptions) => Promise<AsyncDisposable>;
}

/** Every client that we promise to get on with. */
export const SEEDING_CLIENTS: readonly SeedingClient[] = [
  { name: "aria2", start: startAria2 },
  { name: "transmission-daemon", start: startTransmission },
  { name: "rtorrent", start: startRtorrent },
  { name: "libtorrent", start: startLibtorrent },
];

/** aria2 cannot refuse encryption. */
const ARIA2_ENCRYPTION: Readonly<Record<ClientEncryption, readonly string[]>> = {
  usual: [],
  require: ["--bt-require-crypto=true", "--bt-min-crypto-level=arc4"],
  off: [],
};

/** aria2 announces over UDP only with its DHT on; without an entry point that talks to nobody. */
async function startAria2(options: SeedOptions): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await TemporaryFolder.make());
  const [port, dhtPort] = [options.port ?? await freePort(), await freePort()];
  const program = stack.use(Program.start({
    command: "aria2c",
    args: [
      `--dir=${options.contentFolder}`,
      "--no-conf",
      "--bt-seed-unverified=true",
      "--seed-ratio=0.0",
      `--listen-port=${port}`,
      "--enable-dht=true",
      `--dht-file-path=${folder.join("dht.dat")}`,
      `--dht-listen-port=${dhtPort}`,
      "--enable-dht6=false",
      "--disable-ipv6=true",
      "--bt-enable-lpd=false",
      "--enable-peer-exchange=false",
      "--bt-max-peers=0",
      "--file-allocation=none",
      "--allow-overwrite=false",
      "--auto-save-interval=0",
      "--summary-interval=0",
      ...ARIA2_ENCRYPTION[options.encryption ?? "usual"],
      options.torrentPath,
    ],
    debianPackage: "aria2",
  }));
  await program.untilReady(() => isListening(port));
  return stack.move();
}

async function startTransmission(options: SeedOptions): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await TemporaryFolder.make());
  const [config, watched] = [await folder.folder("config"), await folder.folder("watched")];
  const { port = await freePort(), encryption = "usual" } = options;
  const rpcPort = await freePort();
  await Deno.writeTextFile(
    `${config}/settings.json`,
    JSON.stringify(
      transmissionSettings({ port, rpcPort, watched, encryption, content: options.contentFolder }),
    ),
  );
  await Deno.copyFile(options.torrentPath, `${watched}/content.torrent`);
  const program = stack.use(Program.start({
    command: "transmission-daemon",
    args: ["--foreground", "--config-dir", config, "--logfile", folder.join("log")],
    debianPackage: "transmission-daemon",
  }));
  await program.untilReady(() => isTransmissionSeeding(rpcPort));
  return stack.move();
}

interface TransmissionPlaces {
  readonly port: number;
  readonly rpcPort: number;
  readonly watched: string;
  readonly content: string;
  readonly encryption: ClientEncryption;
}

/** "usual" prefers encryption; "off" prefers plain text, for it cannot refuse either. */
const TRANSMISSION_ENCRYPTION: Readonly<Record<ClientEncryption, number>> = {
  usual: 1,
  require: 2,
  off: 0,
};

function transmissionSettings(places: TransmissionPlaces): Record<string, unknown> {
  return {
    "bind-address-ipv4": LOOPBACK,
    "bind-address-ipv6": "::1",
    "dht-enabled": false,
    "download-dir": places.content,
    "download-queue-enabled": false,
    "encryption": TRANSMISSION_ENCRYPTION[places.encryption],
    "idle-seeding-limit-enabled": false,
    "incomplete-dir-enabled": false,
    "lpd-enabled": false,
    "peer-port": places.port,
    "peer-port-random-on-start": false,
    "pex-enabled": false,
    "port-forwarding-enabled": false,
    "preallocation": 0,
    "ratio-limit-enabled": false,
    "rpc-authentication-required": false,
    "rpc-bind-address": LOOPBACK,
    "rpc-enabled": true,
    "rpc-port": places.rpcPort,
    "rpc-whitelist-enabled": false,
    "seed-queue-enabled": false,
    "start-added-torrents": true,
    "trash-original-torrent-files": false,
    "utp-enabled": false,
    "watch-dir": places.watched,
    "watch-dir-enabled": true,
  };
}

/** Asks the daemon over its own protocol, whose first answer hands out a session id. */
async function isTransmissionSeeding(rpcPort: number): Promise<boolean> {
  const url = `http://${LOOPBACK}:${rpcPort}/transmission/rpc`;
  const body = JSON.stringify({ method: "torrent-get", arguments: { fields: ["percentDone"] } });
  try {
    const first = await fetch(url, { method: "POST", body });
    await first.body?.cancel();
    const session = first.headers.get("X-Transmission-Session-Id") ?? "";
    const headers = { "X-Transmission-Session-Id": session };
    const answer = await (await fetch(url, { method: "POST", body, headers })).text();
    return answer.includes('"percentDone":1');
  } catch {
    // Refused: not yet.
    return false;
  }
}

async function startRtorrent(options: SeedOptions): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await TemporaryFolder.make());
  const [session, ready, config] = [
    await folder.folder("session"),
    folder.join("ready"),
    folder.join("rc"),
  ];
  const { port = await freePort(), encryption = "usual" } = options;
  await Deno.writeTextFile(
    config,
    rtorrentConfig({ ...options, session, ready, port, encryption }),
  );
  const program = stack.use(Program.start({
    command: "rtorrent",
    args: ["-n", "-o", `import=${config}`],
    debianPackage: "rtorrent",
  }));
  // It takes connections while it still checks, and turns those peers away: wait for the check.
  await program.untilReady(() => exists(ready));
  return stack.move();
}

interface RtorrentPlaces extends SeedOptions {
  readonly session: string;
  /** The file that it makes once the content is checked. */
  readonly ready: string;
  readonly port: number;
  readonly encryption: ClientEncryption;
}

const RTORRENT_ENCRYPTION: Readonly<Record<ClientEncryption, string>> = {
  usual: "allow_incoming,prefer_plaintext,enable_retry",
  require: "require,require_RC4,allow_incoming,try_outgoing",
  off: "none",
};

function rtorrentConfig(places: RtorrentPlaces): string {
  return `system.daemon.set = true
session.path.set = ${places.session}
directory.default.set = ${places.contentFolder}
network.bind_address.set = ${LOOPBACK}
network.port_range.set = ${places.port}-${places.port}
network.port_random.set = no
dht.mode.set = disable
protocol.pex.set = no
trackers.use_udp.set = yes
protocol.encryption.set = ${RTORRENT_ENCRYPTION[places.encryption]}
method.set_key = event.download.hash_done, ready, "execute.nothrow.bg=touch,${places.ready}"
load.start = ${places.torrentPath}
`;
}

/** What only the seeder of our own script can do. */
export interface LibtorrentOptions extends SeedOptions {
  /** "never" keeps it from the torrent's trackers: it waits to be found. */
  readonly announces?: "never";
  /** The port of a peer on loopback that it dials. */
  readonly peerPort?: number;
}

/** libtorrent, by a script of our own. */
export async function startLibtorrent(options: LibtorrentOptions): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { torrentPath, contentFolder, announces = "always", encryption = "usual" } = options;
  const peers = options.peerPort === undefined ? [] : [`${options.peerPort}`];
  const script = new URL("../libtorrent_seeder.py", import.meta.url).pathname;
  const port = options.port ?? await freePort();
  const program = stack.use(Program.start({
    // Debian's own Python, which is the one that Debian's libtorrent is for.
    command: "/usr/bin/python3",
    args: [script, torrentPath, contentFolder, `${port}`, announces, encryption, ...peers],
    debianPackage: "python3-libtorrent",
  }));
  await program.untilReady(() => program.output.includes("READY"));
  await program.untilReady(() => isListening(port));
  return stack.move();
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
