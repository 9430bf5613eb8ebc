/**
 * Programs that are not ours: started, waited for, and stopped by their own process id.
 *
 * @module
 */
import { delay } from "../../../lib/base/async.ts";

/** How long a program may take until it is ready, in milliseconds. */
const READY_LIMIT_MS = 30_000;
/** How often a program that gives no event is asked whether it is ready, in milliseconds. */
const READY_RETRY_MS = 50;
/** How long a program may take to end after SIGTERM, in milliseconds. */
const STOP_LIMIT_MS = 8_000;
/** How much of a program's output is kept for the message of a failure, in characters. */
const KEPT_OUTPUT_LENGTH = 8 * 1024;

/** What to start. */
export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** What to install where the command is missing. */
  readonly debianPackage: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running program; its disposal ends it. */
export class Program implements AsyncDisposable {
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  #output = "";
  #exitCode: number | undefined;

  private constructor(name: string, child: Deno.ChildProcess) {
    this.#name = name;
    this.#child = child;
    this.#reading = Promise.all([this.#keep(child.stdout), this.#keep(child.stderr)]);
  }

  /** @throws {Error} naming the package to install, when there is no such command */
  static start(options: ProgramOptions): Program {
    const { command, args, debianPackage, cwd, env } = options;
    try {
      const child = new Deno.Command(command, {
        args: [...args],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
        // libtorrent writes "...." for names that the locale cannot express.
        env: { LC_ALL: "C.UTF-8", ...env },
        ...(cwd === undefined ? {} : { cwd }),
      }).spawn();
      return new Program(command, child);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      throw new Error(`Cannot start "${command}": install the package ${debianPackage}`, { cause });
    }
  }

  /** What it printed last, both outputs mixed. */
  get output(): string {
    return this.#output;
  }

  /**
   * Asks `isReady` again and again: a program of others has no event to await.
   *
   * @throws {Error} with its output, when the program ends first or the time is over
   */
  async untilReady(isReady: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + READY_LIMIT_MS;
    for (;;) {
      if (await isReady()) return;
      if (this.#exitCode !== undefined) {
        throw new Error(`Cannot use "${this.#name}": it ended at once: ${this.#output}`);
      }
      if (performance.now() > end) {
        throw new Error(`Cannot use "${this.#name}": it is not ready in time: ${this.#output}`);
      }
      await delay(READY_RETRY_MS);
    }
  }

  /** Ends it: SIGTERM, and SIGKILL when that does not help. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), STOP_LIMIT_MS);
    try {
      await this.#child.status;
      await this.#reading;
    } finally {
      clearTimeout(timer);
    }
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended already.
    }
  }

  async #keep(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#output = (this.#output + text).slice(-KEPT_OUTPUT_LENGTH);
    }
    this.#exitCode ??= (await this.#child.status).code;
  }
}

/** What a program that ran to its end left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. @throws {Error} naming the package, when there is no such command */
export async function run(options: ProgramOptions): Promise<Outcome> {
  const { command, args, debianPackage, cwd, env } = options;
  try {
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      env: { LC_ALL: "C.UTF-8", NO_COLOR: "1", ...env },
      ...(cwd === undefined ? {} : { cwd }),
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(`Cannot start "${command}": install the package ${debianPackage}`, { cause });
  }
}
