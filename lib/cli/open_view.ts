/**
 * The view in the form that the user asked for.
 *
 * @module
 */
import { JsonView } from "./json.ts";
import { LineProgress, LiveProgress, type ProgressDisplay } from "./live.ts";
import type { Display } from "./options.ts";
import { PeopleView } from "./people.ts";
import { TextSink } from "./sink.ts";
import type { CliEvent, Console, View } from "./view.ts";

/** Opens the view for an invocation. Once `signal` aborts, nobody waits for a slow reader any more. */
export function openView(display: Display, console: Console, signal: AbortSignal): View {
  const stdout = new TextSink(console.stdout, signal);
  if (display.format === "json") return new JsonView(stdout);
  if (display.verbosity === "quiet") return new QuietView(stdout);
  const stderr = new TextSink(console.stderr, signal);
  return new PeopleView({
    stdout,
    progress: openProgress(console, stderr),
    verbosity: display.verbosity,
    signal,
  });
}

function openProgress(console: Console, stderr: TextSink): ProgressDisplay {
  const { columns, colors } = console;
  return columns === undefined
    ? new LineProgress(stderr)
    : new LiveProgress(stderr, { target: console.stderr, columns, colors });
}

/** Shows nothing but what was asked for. */
class QuietView implements View {
  readonly #stdout: TextSink;

  constructor(stdout: TextSink) {
    this.#stdout = stdout;
  }

  async show(event: CliEvent): Promise<void> {
    if (event.kind === "output") await this.#stdout.writeResult(event.text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdout[Symbol.asyncDispose]();
  }
}
