/**
 * The failures that this program knows by name. Each carries data, not words to be parsed, and
 * keeps its cause. RangeError and TypeError are left for misuse of our own functions.
 *
 * @module
 */

/** Bytes that are not bencode (BEP 3), or exceed a limit of the decoder. */
export class BencodeError extends SyntaxError {
  /** Tells this class where `instanceof` cannot, as between two copies of the library. */
  override readonly name = "BencodeError";
  /** Where in the input decoding stopped, in bytes from its start. */
  readonly offset: number;

  /** `offset` is in bytes from the start of the input. */
  constructor(message: string, offset: number, options?: ErrorOptions) {
    super(message, options);
    this.offset = offset;
  }
}

/** Bencode that is not a usable torrent. */
export class MetainfoError extends SyntaxError {
  /** Tells this class where `instanceof` cannot, as between two copies of the library. */
  override readonly name = "MetainfoError";
  /** Where the value stands, such as `info.files[3].path`. */
  readonly key: string;

  /** `key` is the path of the offending value. */
  constructor(message: string, key: string, options?: ErrorOptions) {
    super(message, options);
    this.key = key;
  }
}

/** What is known of a tracker's failure. */
export interface TrackerErrorOptions extends ErrorOptions {
  /** How long it wants to be left alone. */
  readonly retrySeconds?: number | undefined;
}

/** A tracker that did not answer, refused, or answered nonsense. */
export class TrackerError extends Error {
  /** Tells this class where `instanceof` cannot, as between two copies of the library. */
  override readonly name = "TrackerError";
  /** Fit to be shown: without passkeys, user names and passwords. */
  readonly url: string;
  /** How long it wants to be left alone, if it said so: Infinity for good (BEP 31). */
  readonly retrySeconds: number | undefined;

  /** `url` must have its secrets removed before. */
  constructor(message: string, url: string, options?: TrackerErrorOptions) {
    super(message, options);
    this.url = url;
    this.retrySeconds = options?.retrySeconds;
  }
}

/** Why a peer was closed. `protocol` and `corrupt` are the peer's fault; the others may be nobody's. */
export type PeerErrorReason =
  | "dial"
  | "handshake"
  | "protocol"
  | "corrupt"
  | "timeout"
  | "duplicate"
  | "self"
  | "closed"
  | "banned"
  | "surplus"
  | "needless";

/** The end of one peer connection, with its reason; never the end of the download. */
export class PeerError extends Error {
  /** Tells this class where `instanceof` cannot, as between two copies of the library. */
  override readonly name = "PeerError";
  /** What to decide by: whether to ban, to dial again, or to blame nobody. */
  readonly reason: PeerErrorReason;

  /** `message` may hold text from the peer only with its control characters removed. */
  constructor(message: string, reason: PeerErrorReason, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** What stopped a read or write of files. */
export class StorageError extends Error {
  /** Tells this class where `instanceof` cannot, as between two copies of the library. */
  override readonly name = "StorageError";
  /** The file or folder at fault, as it was opened. */
  readonly path: string;
  /** The system's (`ENOSPC`, `EROFS`, `EBUSY`, ...), or one of our own. */
  readonly code: string;

  /** `message` is complete: `path` and `code` are for programs. */
  constructor(message: string, path: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
    this.code = code;
  }
}

/** Nothing more can come: no source is left, or nothing arrived for the time allowed. */
export class GaveUpError extends Error {
  /** Tells this class where `instanceof` cannot, as between two copies of the library. */
  override readonly name = "GaveUpError";
}

/** The system's code of an error (`ENOSPC`, `EMFILE`, ...), or `undefined` where it has none. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether the process, or the system, has no file descriptor left. */
export function isDescriptorShortage(error: unknown): boolean {
  const code = errorCode(error);
  return code === "EMFILE" || code === "ENFILE";
}
