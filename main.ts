/**
 * westorrent: picks the command, drives its async iterator, sets the exit code.
 *
 * Read lib/download.ts next: the pipeline from the tracker to the files.
 *
 * @module
 */
import { runCommand } from "./lib/cli/commands.ts";
import { onUncaught, systemConsole, systemSignals } from "./lib/cli/console.ts";
import { exitCodeOf, failureText } from "./lib/cli/exit.ts";
import { type Display, type Invocation, parseInvocation } from "./lib/cli/options.ts";
import { SignalWatch } from "./lib/cli/signals.ts";
import { writeLastWords } from "./lib/cli/sink.ts";
import { openView } from "./lib/cli/open_view.ts";

/** Runs one command line; resolves with the exit code. */
async function main(args: readonly string[]): Promise<number> {
  let invocation: Invocation;
  try {
    invocation = parseInvocation(args);
  } catch (error) {
    return fail(error, { format: "people", verbosity: "normal" });
  }
  try {
    await run(invocation);
    return 0;
  } catch (error) {
    return fail(error, invocation.display);
  }
}

/** Shows what the command reports; a failure surfaces once the display has gone. */
async function run(invocation: Invocation): Promise<void> {
  using signals = new SignalWatch(systemSignals());
  await using view = openView(invocation.display, systemConsole(), signals.signal);
  for await (const event of runCommand(invocation, signals.signal)) await view.show(event);
}

function fail(error: unknown, display: Display): number {
  const detail = display.verbosity === "verbose" ? "stack" : "line";
  writeLastWords(Deno.stderr, failureText(error, detail));
  return exitCodeOf(error);
}

if (import.meta.main) {
  onUncaught((error) => Deno.exit(fail(error, { format: "people", verbosity: "normal" })));
  Deno.exit(await main(Deno.args));
}
