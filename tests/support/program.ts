/** The program itself, run as a process: for what a test cannot do to its own. */
import { join } from "node:path";
import { formatAddress } from "../../lib/base/address.ts";
import type { DownloadEvent } from "../../lib/events.ts";
import type { Seeder } from "./seeder.ts";
import type { TorrentFixture } from "./torrent_fixture.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** How a process ended. */
export interface Ended {
  readonly code: number;
  readonly stderr: string;
  readonly events: readonly DownloadEvent[];
}

/** What to run. */
export interface ProgramOptions {
  /** The temporary folder of the test; the output goes to `out` in it. */
  readonly folder: string;
  readonly from?: readonly Seeder[];
  readonly args?: readonly string[];
  /** What runs the program, such as `nice`. */
  readonly wrapper?: readonly string[];
  /** Called with every event as it comes. */
  readonly onEvent?: (event: DownloadEvent) => void;
}

/** A download by main.ts; killed when it is disposed. */
export class Program implements AsyncDisposable {
  readonly ended: Promise<Ended>;
  readonly #child: Deno.ChildProcess;

  constructor(fixture: TorrentFixture, options: ProgramOptions) {
    const { folder, from = [], args = [], wrapper = [] } = options;
    const torrent = join(folder, "fixture.torrent");
    Deno.writeFileSync(torrent, fixture.torrentBytes);
    const peers = from.flatMap(({ address }) => ["--peer", formatAddress(address)]);
    const run = [Deno.execPath(), "run", "-A", "--quiet", "--cached-only", MAIN];
    const own = [torrent, "-o", join(folder, "out"), "--json", ...peers, ...args];
    const [command = "", ...rest] = [...wrapper, ...run, ...own];
    const child = new Deno.Command(command, {
      args: rest,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    this.#child = child.spawn();
    this.ended = this.#read(options.onEvent);
  }

  /** Sends a signal, unless it has ended already. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
  }

  async #read(onEvent: ProgramOptions["onEvent"]): Promise<Ended> {
    const stderr = new Response(this.#child.stderr).text();
    const events: DownloadEvent[] = [];
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const event: DownloadEvent = JSON.parse(line);
        events.push(event);
        onEvent?.(event);
      }
    }
    return { code: (await this.#child.status).code, stderr: await stderr, events };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.ended;
  }
}

/** Runs a download by main.ts to its end. */
export async function runProgram(fixture: TorrentFixture, options: ProgramOptions): Promise<Ended> {
  await using program = new Program(fixture, options);
  return await program.ended;
}

/** A temporary folder; gone at the end. */
export class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync();

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
