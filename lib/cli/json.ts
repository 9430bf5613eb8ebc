/**
 * Events as JSON, one object a line, on standard output.
 *
 * @module
 */
import { toJson } from "./json_text.ts";
import type { TextSink } from "./sink.ts";
import type { CliEvent, View } from "./cli_event.ts";

/** Writes every event as it is; the README holds the schema. */
export class JsonView implements View {
  readonly #stdout: TextSink;

  constructor(stdout: TextSink) {
    this.#stdout = stdout;
  }

  /** @throws {Deno.errors.BrokenPipe} when the reader is gone */
  async show(event: CliEvent): Promise<void> {
    if (event.kind === "output") await this.#stdout.writeResult(event.text);
    else await this.#stdout.write(`${toJson(event)}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdout[Symbol.asyncDispose]();
  }
}
