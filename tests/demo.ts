/**
 * `deno task demo`: everything at once and nothing outside this machine. A mock tracker and an honest
 * seeder here, the program itself in a process of its own, and a look at what it wrote.
 */
import { serveMockTracker } from "../lib/tracker/mock_server.ts";
import { DEMO_TORRENT } from "./support/demo_torrent.ts";
import { startSeeder } from "./support/seeder.ts";
import { fileContent, makeTorrent, type TorrentFixture } from "./support/torrent_fixture.ts";

const MIB = 1024 * 1024;
/** Makes about three seconds of it: enough to see. */
const BYTES_PER_SECOND = 11 * MIB;
const TIME_LIMIT_MS = 20_000;
const MAIN = new URL("../main.ts", import.meta.url);

/** Runs the demo; resolves with the exit code. */
async function demo(): Promise<number> {
  const signal = AbortSignal.timeout(TIME_LIMIT_MS);
  await using cleanup = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir({ prefix: "westorrent-demo-" });
  cleanup.defer(() => Deno.remove(directory, { recursive: true }));

  // The tracker must know the seeder's port, the torrent the tracker's, and the seeder the torrent.
  const { hostname, port: seederPort } = freeAddress();
  const tracker = serveMockTracker({ hostname, port: 0, peersText: String(seederPort), signal });
  cleanup.use(tracker);
  const url = `http://${hostname}:${tracker.port}/announce`;
  const fixture = makeTorrent({ ...DEMO_TORRENT, trackers: [[url]] });
  const { metainfo, content } = fixture;
  const options = { metainfo, content, hostname, port: seederPort };
  cleanup.use(await startSeeder({ ...options, bytesPerSecond: BYTES_PER_SECOND }));
  const torrent = `${directory}/demo.torrent`;
  await Deno.writeFile(torrent, fixture.torrentBytes);

  say(`The tracker answers at ${url}; a seeder listens on port ${seederPort}`);
  if (!await run(["show", torrent], signal)) return 1;
  if (!await run([torrent, "-o", directory], signal)) return 1;
  if (!await run(["verify", torrent, directory], signal)) return 1;
  const wrong = await differences(fixture, directory);
  say(wrong.length === 0 ? "Every byte is right" : `Wrong: ${wrong.join(", ")}`);
  return wrong.length === 0 ? 0 : 1;
}

/** A port that is free just now. */
function freeAddress(): Deno.NetAddr {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr;
}

/** Runs the program as a person would, its output here; tells whether it ended well. */
async function run(args: readonly string[], signal: AbortSignal): Promise<boolean> {
  say(`\n$ deno run -A main.ts ${args.join(" ")}`);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN.href, ...args],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
    signal,
  });
  const { success, code } = await command.output();
  if (!success) say(`It ended with exit code ${code}`);
  return success;
}

/** The files that are not as the torrent has them. */
async function differences(fixture: TorrentFixture, directory: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const [fileIndex, { path }] of fixture.metainfo.files.entries()) {
    const written = await Deno.readFile([directory, ...path].join("/"));
    const expected = fileContent(fixture, fileIndex);
    if (written.toBase64() !== expected.toBase64()) wrong.push(path.join("/"));
  }
  return wrong;
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await demo());
