/**
 * What a download tells whoever runs it: one typed stream for the display, `--json`, tests and programs.
 * Objects are plain data, ready for JSON.stringify(); texts from peers, trackers and torrents carry no
 * control characters, URLs no secrets.
 *
 * @module
 */

/** How far the download is. Only the newest one is kept for a slow consumer. */
export interface ProgressEvent {
  /** Comes every half second. */
  readonly kind: "progress";
  /** What is being done: seeding begins once everything is there, if it is to. */
  readonly mode: "download" | "seed";
  /** Bytes verified and stored, padding included. */
  readonly haveBytes: number;
  /** The length of the torrent in bytes, padding included. */
  readonly totalBytes: number;
  /** Pieces verified and stored. */
  readonly havePieces: number;
  /** Pieces in all. */
  readonly pieceCount: number;
  /** Payload received in this run, in bytes. */
  readonly downloadedBytes: number;
  /** Corrupt, late or asked for twice: a part of `downloadedBytes`. */
  readonly wastedBytes: number;
  /** Payload sent in this run. */
  readonly uploadedBytes: number;
  /** Bytes of payload per second, over the last 5 s. */
  readonly downloadRate: number;
  /** The same of what is sent. */
  readonly uploadRate: number;
  /** Connected peers. */
  readonly peers: number;
  /** Those of `peers` that have every piece. */
  readonly seeds: number;
  /** Whole copies to be had from connected peers and ourselves, such as 0.75; at least 1 means all of it. */
  readonly availability: number;
  /** Seconds left at the present rate; absent when unknown. */
  readonly secondsLeft?: number;
}

/** How far the check of what lies on disk is. Only the newest one is kept for a slow consumer. */
export interface CheckingEvent {
  /** Comes twenty times a second at most, while files are read. */
  readonly kind: "checking";
  /** Bytes of the torrent passed so far, read or known to be absent. */
  readonly checkedBytes: number;
  /** The length of the torrent in bytes. */
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
    /** The file or folder being written, or served. */
    readonly output: string;
    /** What it is done with. */
    readonly mode: "download" | "seed";
  }
  | CheckingEvent
  /** The check is over: what need not be downloaded again. */
  | { readonly kind: "checked"; readonly haveBytes: number; readonly havePieces: number }
  | { readonly kind: "listening"; readonly host: string; readonly port: number }
  /** The gateway of our network lets peers in, or does not. */
  | {
    readonly kind: "mapping";
    readonly status: "mapped" | "failed";
    readonly method?: "pcp" | "nat-pmp" | "upnp";
    /** The gateway's address on its other side, as it says. */
    readonly externalHost?: string;
    /** Where peers can dial us. */
    readonly externalPort?: number;
    readonly message?: string;
  }
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
  /** A message of peer exchange. */
  | {
    readonly kind: "pex";
    readonly status: "sent" | "received";
    /** `host:port` of the connection. */
    readonly address: string;
    /** How many peers it says have come, of those that we looked at. */
    readonly added: number;
    /** How many it says have gone. */
    readonly dropped: number;
  }
  /** A piece did not match its hash and is fetched again. */
  | { readonly kind: "corrupt"; readonly pieceIndex: number; readonly peers: readonly string[] }
  | { readonly kind: "warning"; readonly message: string }
  | ProgressEvent
  /** Only of a download that succeeded: everything is verified and stored. The last event, unless it goes on to seed. */
  | {
    readonly kind: "complete";
    readonly output: string;
    readonly totalBytes: number;
    readonly downloadedBytes: number;
    readonly seconds: number;
  }
  /** From now on everything is there, and served until one of these goals is reached, or for ever. */
  | {
    readonly kind: "seeding";
    /** What is uploaded by then, as a multiple of the torrent's length. */
    readonly ratio?: number;
    readonly seconds?: number;
  }
  /** The last event of whoever seeded until a goal was reached. */
  | {
    readonly kind: "seeded";
    readonly uploadedBytes: number;
    readonly ratio: number;
    readonly seconds: number;
  };
