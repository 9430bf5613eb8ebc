/**
 * opentracker on loopback, over HTTP and UDP on one port, for the torrents it is told of.
 *
 * @module
 */
import { LOOPBACK, TemporaryFolder } from "./loopback.ts";
import { Program } from "./process.ts";

/** How a client speaks with the tracker. */
export type TrackerScheme = "http" | "udp";

/** A running opentracker; its disposal ends it. */
export class OpenTracker implements AsyncDisposable {
  readonly #port: number;
  readonly #resources: AsyncDisposableStack;
  readonly #program: Program;

  private constructor(port: number, program: Program, resources: AsyncDisposableStack) {
    this.#port = port;
    this.#program = program;
    this.#resources = resources;
  }

  /** Starts one on `port`, since torrents name their tracker before it knows their info hashes. */
  static async start(port: number, infoHashes: readonly string[]): Promise<OpenTracker> {
    await using stack = new AsyncDisposableStack();
    const root = stack.use(await TemporaryFolder.make());
    // It changes its root to this folder and its user to nobody: others must be able to read it.
    await Deno.chmod(root.path, 0o755);
    // Debian builds it so that it knows listed torrents only.
    await Deno.writeTextFile(
      root.join("whitelist"),
      infoHashes.map((hash) => `${hash}\n`).join(""),
    );
    const program = stack.use(Program.start({
      command: "opentracker",
      args: ["-i", LOOPBACK, "-p", `${port}`, "-P", `${port}`, "-d", root.path, "-w", "whitelist"],
      debianPackage: "opentracker",
    }));
    await program.untilReady(async () => await scrape(port, infoHashes[0] ?? "") !== undefined);
    return new OpenTracker(port, program, stack.move());
  }

  /** Waits until somebody with all of this torrent has announced itself. */
  async untilSeeded(infoHash: string): Promise<void> {
    await this.#program.untilReady(async () =>
      (await scrape(this.#port, infoHash))?.includes("8:completei1e") ?? false
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

/** Where the tracker on `port` takes announces. */
export function announceUrl(scheme: TrackerScheme, port: number): string {
  return `${scheme}://${LOOPBACK}:${port}/announce`;
}

async function scrape(port: number, infoHash: string): Promise<string | undefined> {
  const escaped = infoHash.replace(/../g, (pair) => `%${pair}`);
  try {
    const response = await fetch(`http://${LOOPBACK}:${port}/scrape?info_hash=${escaped}`);
    return await response.text();
  } catch {
    // Refused: not yet.
    return undefined;
  }
}
