/**
 * What commands report, and what shows it.
 *
 * @module
 */
import type { DownloadEvent } from "../events.ts";
import type { HashingEvent } from "../create/create_torrent.ts";
import type { VerifyEvent } from "../storage/verify.ts";
import type { TextTarget } from "./sink.ts";

/** Everything that a command can report. */
export type CliEvent =
  | DownloadEvent
  | VerifyEvent
  | HashingEvent
  /** A torrent was made. */
  | {
    readonly kind: "written";
    /** The path of its file; `-` for standard output. */
    readonly output: string;
    /** 40 hexadecimal digits. */
    readonly infoHash: string;
    readonly totalBytes: number;
    readonly pieceCount: number;
    /** In bytes. */
    readonly pieceLength: number;
    readonly fileCount: number;
  }
  /** What the user asked for, as it goes to standard output. */
  | { readonly kind: "output"; readonly text: string | Uint8Array }
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
