/**
 * What a download tells whoever runs it: one typed stream for the display, `--json`, tests and programs.
 * Objects are plain data, ready for JSON.stringify(); texts from peers, trackers and torrents carry no
 * control characters, URLs no secrets.
 *
 * @module
 */

/** How far the download is. Only the newest one is kept for a slow consumer. */
export interface ProgressEvent {
  readonly kind: "progress";
  /** Bytes verified and stored, and in all (padding included in both). */
  readonly haveBytes: number;
  readonly totalBytes: number;
  readonly havePieces: number;
  readonly pieceCount: number;
  /** Payload received in this run, in bytes; `wastedBytes` of it was corrupt, late or asked for twice. */
  readonly downloadedBytes: number;
  readonly wastedBytes: number;
  readonly uploadedBytes: number;
  /** Payload per second, over the last seconds. */
  readonly downloadRate: number;
  /** Connected peers; `seeds` of them have everything. */
  readonly peers: number;
  readonly seeds: number;
  /** Whole copies to be had from connected peers and ourselves, such as 0.75; at least 1 means all of it. */
  readonly availability: number;
  /** Seconds left at the present rate; absent when unknown. */
  readonly secondsLeft?: number;
}

/** How far the check of what lies on disk is. Only the newest one is kept for a slow consumer. */
export interface CheckingEvent {
  readonly kind: "checking";
  readonly checkedBytes: number;
  readonly totalBytes: number;
}

/** Everything a download can report. */
export type DownloadEvent =
  | {
    readonly kind: "start";
    readonly name: string;
    /** 40 hexadecimal digits. */
    readonly infoHash: string;
    readonly totalBytes: number;
    readonly pieceCount: number;
    readonly fileCount: number;
    /** The file or folder being written. */
    readonly output: string;
  }
  | CheckingEvent
  /** The check is over: what need not be downloaded again. */
  | { readonly kind: "checked"; readonly haveBytes: number; readonly havePieces: number }
  | { readonly kind: "listening"; readonly host: string; readonly port: number }
  | {
    readonly kind: "tracker";
    /** Without passkeys. */
    readonly url: string;
    readonly status: "ok" | "warning" | "failed";
    /** How many addresses it gave. */
    readonly peers?: number;
    /** How long until it is asked again, unless peers are lacking before. */
    readonly seconds?: number;
    readonly message?: string;
  }
  | {
    readonly kind: "peer";
    readonly status: "connected" | "closed" | "banned" | "failed";
    /** `host:port`. */
    readonly address: string;
    /** The client's name from its extension handshake or peer id. */
    readonly client?: string;
    readonly message?: string;
  }
  /** A piece did not match its hash and is fetched again. */
  | { readonly kind: "corrupt"; readonly pieceIndex: number; readonly peers: readonly string[] }
  | { readonly kind: "warning"; readonly message: string }
  | ProgressEvent
  | {
    readonly kind: "complete";
    readonly output: string;
    readonly totalBytes: number;
    readonly downloadedBytes: number;
    readonly seconds: number;
  };
