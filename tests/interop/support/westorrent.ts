/**
 * Our own program, run as a person runs it, and the check of what it left.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Outcome, run } from "./process.ts";
import type { MadeTorrent } from "./torrents.ts";

const DENO_PACKAGE = "npm's deno@2.9.6";
/** Our program. */
export const MAIN_PATH: string = new URL("../../../main.ts", import.meta.url).pathname;

/** Runs main.ts with these arguments, to its end. */
export function runWestorrent(args: readonly string[]): Promise<Outcome> {
  return run({ command: Deno.execPath(), args: toDenoArgs(args), debianPackage: DENO_PACKAGE });
}

/** Our program, running; its disposal kills it. */
export interface RunningWestorrent extends AsyncDisposable {
  /** Resolves when it has ended, by itself or not. */
  readonly ended: Promise<unknown>;
  /** SIGKILL, at once. */
  readonly kill: () => Promise<Pick<Outcome, "stdout">>;
}

/** Starts main.ts with these arguments, to be killed at will. */
export function startWestorrent(args: readonly string[]): RunningWestorrent {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...toDenoArgs(args)],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const printed = new Response(child.stdout).text();
  const kill = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await child.status;
    return { stdout: await printed };
  };
  return {
    ended: child.status,
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill();
    },
  };
}

function toDenoArgs(args: readonly string[]): readonly string[] {
  return ["run", "-A", "--no-prompt", MAIN_PATH, ...args];
}

/** Fails unless the folder holds every file of the torrent, byte by byte, and nothing else. */
export async function assertDownloaded(outputFolder: string, torrent: MadeTorrent): Promise<void> {
  const found = await Array.fromAsync(listFiles(outputFolder));
  assertEquals(found.toSorted(), [...torrent.files.keys()].toSorted(), "other files than expected");
  for (const [path, expected] of torrent.files) {
    const actual = await Deno.readFile(`${outputFolder}/${path}`);
    // Not assertEquals(): its message would hold every byte of both.
    assertEquals(firstDifference(actual, expected), "none", `content of "${path}"`);
  }
}

function firstDifference(actual: Uint8Array, expected: Uint8Array): string {
  if (actual.length !== expected.length) {
    return `${actual.length} bytes instead of ${expected.length}`;
  }
  const index = expected.findIndex((byte, position) => byte !== actual[position]);
  return index < 0 ? "none" : `at byte ${index}`;
}

async function* listFiles(folder: string, prefix = ""): AsyncGenerator<string, void, undefined> {
  for await (const entry of Deno.readDir(folder)) {
    const path = prefix + entry.name;
    if (entry.isDirectory) yield* listFiles(`${folder}/${entry.name}`, `${path}/`);
    else yield path;
  }
}
