/**
 * Under --bind everybody sees that address and no other. Run by name: `deno test -A tests/interop/bind.ts`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { freePort, TemporaryFolder } from "./support/loopback.ts";
import { Relay } from "./support/relay.ts";
import { startLibtorrent } from "./support/seeders.ts";
import { type MadeTorrent, makeTorrent } from "./support/torrents.ts";
import { assertDownloaded, runWestorrent } from "./support/westorrent.ts";
import { WitnessTrackers } from "./support/witness_trackers.ts";

const BOUND_HOST = "127.0.0.9";
/** An address for documentation (RFC 5737), which no machine has. */
const FOREIGN_HOST = "192.0.2.1";

Deno.test("--bind shows that address to the seeder and to both trackers", async () => {
  await using scene = await Scene.set();
  const { torrent, output } = scene;
  const outcome = await runWestorrent(argsOf(scene, BOUND_HOST));
  assertEquals(outcome.code, 0, outcome.stderr);
  assertEquals(scene.hosts, { seeder: [BOUND_HOST], http: [BOUND_HOST], udp: [BOUND_HOST] });
  await assertDownloaded(output, torrent);
});

Deno.test("--bind refuses an address that the machine does not have, and tells nobody", async () => {
  await using scene = await Scene.set();
  const outcome = await runWestorrent(argsOf(scene, FOREIGN_HOST));
  assertEquals(outcome.code, 1, outcome.stderr);
  assert(outcome.stderr.includes(FOREIGN_HOST), `the address is not named: ${outcome.stderr}`);
  assertEquals(scene.hosts, { seeder: [], http: [], udp: [] });
});

function argsOf({ torrent, output }: Scene, host: string): readonly string[] {
  return [torrent.torrentPath, "-o", output, "--bind", host, "--timeout", "30"];
}

/** A torrent with one seeder behind a relay, and two trackers, each of which notes who comes. */
class Scene implements AsyncDisposable {
  readonly torrent: MadeTorrent;
  readonly output: string;
  readonly #relay: Relay;
  readonly #trackers: WitnessTrackers;
  readonly #resources: AsyncDisposableStack;

  private constructor(parts: {
    readonly torrent: MadeTorrent;
    readonly output: string;
    readonly relay: Relay;
    readonly trackers: WitnessTrackers;
    readonly resources: AsyncDisposableStack;
  }) {
    this.torrent = parts.torrent;
    this.output = parts.output;
    this.#relay = parts.relay;
    this.#trackers = parts.trackers;
    this.#resources = parts.resources;
  }

  static async set(): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await TemporaryFolder.make());
    const seederPort = await freePort();
    const relay = stack.use(new Relay({ targetPort: seederPort }));
    const trackers = stack.use(await WitnessTrackers.start(relay.port));
    const torrent = await makeTorrent(folder.path, {
      name: "content.bin",
      content: 1024 * 1024,
      pieceLengthBytes: 64 * 1024,
      announce: trackers.httpUrl,
      otherTrackers: [trackers.udpUrl],
    });
    stack.use(await startLibtorrent({ ...torrent, port: seederPort, announces: "never" }));
    const output = await folder.folder("output");
    return new Scene({ torrent, output, relay, trackers, resources: stack.move() });
  }

  get hosts(): Readonly<Record<"seeder" | "http" | "udp", readonly string[]>> {
    return { seeder: this.#relay.hosts, ...this.#trackers.hosts };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
