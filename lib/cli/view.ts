/**
 * What commands report, and what shows it.
 *
 * @module
 */
import type { DownloadEvent } from "../events.ts";
import type { VerifyEvent } from "../storage/verify.ts";
import type { TextTarget } from "./sink.ts";

/** Everything that a command can report. */
export type CliEvent =
  | DownloadEvent
  | VerifyEvent
  /** What the user asked for, as it goes to standard output. */
  | { readonly kind: "output"; readonly text: string }
  /** The mock tracker answers at this URL. */
  | { readonly kind: "serving"; readonly url: string };

/** Shows events; disposing it leaves a clean terminal, whatever happened before. */
export interface View extends AsyncDisposable {
  /** Shows one event; resolves when it may take the next. */
  show(event: CliEvent): Promise<void>;
}

/** What a view writes to; tests bring their own. */
export interface Console {
  readonly stdout: TextTarget;
  readonly stderr: TextTarget;
  /** The columns of the terminal that standard error is; without one, `undefined`. */
  readonly columns?: () => number;
  readonly colors: "on" | "off";
}
