/**
 * What a command reports, and who shows it.
 *
 * @module
 */
import type { DownloadEvent } from "../events.ts";
import type { VerifyEvent } from "../storage/verify.ts";

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
