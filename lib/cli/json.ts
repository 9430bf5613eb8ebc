/**
 * Events as JSON, one object a line, on standard output.
 *
 * @module
 */
import type { TextSink } from "./sink.ts";
import type { CliEvent, View } from "./view.ts";

/** Writes every event as it is; the README holds the schema. */
export class JsonView implements View {
  readonly #stdout: TextSink;

  constructor(stdout: TextSink) {
    this.#stdout = stdout;
  }

  /** @throws {Deno.errors.BrokenPipe} when the reader is gone */
  async show(event: CliEvent): Promise<void> {
    await this.#stdout.write(event.kind === "output" ? event.text : `${JSON.stringify(event)}\n`);
  }

  [Symbol.dispose](): void {}
}
