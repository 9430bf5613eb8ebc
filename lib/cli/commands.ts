/**
 * The commands, each an async iterator of what it has to report. Each loads what only it needs when it is
 * run: `show` has done before the network could have been loaded.
 *
 * @module
 */
import type { Metainfo } from "../torrent/metainfo.ts";
import { formatNoun } from "./format.ts";
import type { Invocation } from "./options.ts";
import { readTorrent } from "./source.ts";
import { versionText } from "./version.ts";
import type { CliEvent } from "./view.ts";

/** The events of one command. It has ended well when the iteration ends; else that throws. */
export type CommandRun = AsyncGenerator<CliEvent, void, undefined>;

type Of<Kind extends Invocation["kind"]> = Invocation & { readonly kind: Kind };

/** Starts the command that was asked for; the signal ends it. */
export function runCommand(invocation: Invocation, signal: AbortSignal): CommandRun {
  switch (invocation.kind) {
    case "help":
      return runHelp(invocation);
    case "version":
      return output(versionText());
    case "download":
      return runDownload(invocation, signal);
    case "show":
      return runShow(invocation, signal);
    case "verify":
      return runVerify(invocation, signal);
    case "seed":
      return runSeed(invocation, signal);
    case "create":
      return runCreation(invocation, signal);
    case "tracker":
      return runTheTracker(invocation, signal);
  }
}

async function* output(text: string): CommandRun {
  yield { kind: "output", text };
}

async function* runHelp({ command }: Of<"help">): CommandRun {
  const { helpText } = await import("./help.ts");
  yield* output(helpText(command));
}

async function* runDownload(invocation: Of<"download">, signal: AbortSignal): CommandRun {
  const { source, options } = invocation;
  const { bind } = options;
  const metainfo = await readTorrent(source, { signal, ...(bind === undefined ? {} : { bind }) });
  const { download } = await import("../download.ts");
  yield* download(metainfo, { ...options, signal });
}

async function* runShow(invocation: Of<"show">, signal: AbortSignal): CommandRun {
  const metainfo = await readTorrent(invocation.source, { signal });
  const { showJson, showText } = await import("./show.ts");
  if (invocation.display.format === "json") {
    // One object and nothing beside it.
    return yield { kind: "output", text: showJson(metainfo) };
  }
  yield { kind: "output", text: showText(metainfo) };
  yield* warnings(metainfo);
}

async function* runVerify(invocation: Of<"verify">, signal: AbortSignal): CommandRun {
  const { source, directory } = invocation;
  const metainfo = await readTorrent(source, { signal });
  yield* warnings(metainfo);
  const { verify } = await import("../storage/verify.ts");
  for await (const event of verify(metainfo, { directory, signal })) {
    yield event;
    if (event.kind === "verified" && !event.isComplete) {
      const bad = `${event.badFiles} of ${formatNoun(event.fileCount, "file")}`;
      throw new Error(`Cannot vouch for "${metainfo.name}": missing or wrong: ${bad}`);
    }
  }
}

async function* runSeed(invocation: Of<"seed">, signal: AbortSignal): CommandRun {
  const { source, options } = invocation;
  const { bind } = options;
  const metainfo = await readTorrent(source, { signal, ...(bind === undefined ? {} : { bind }) });
  const { seed } = await import("../seed.ts");
  yield* seed(metainfo, { ...options, signal });
}

async function* runCreation(invocation: Of<"create">, signal: AbortSignal): CommandRun {
  const { runCreate } = await import("./create.ts");
  yield* runCreate(invocation, signal);
}

async function* runTheTracker(invocation: Of<"tracker">, signal: AbortSignal): CommandRun {
  const { runTracker } = await import("./tracker.ts");
  yield* runTracker(invocation, signal);
}

function* warnings(metainfo: Metainfo): Generator<CliEvent, void, undefined> {
  for (const message of metainfo.warnings) yield { kind: "warning", message };
}
