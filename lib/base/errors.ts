/**
 * The failures that this program knows by name. Each carries data, not words to be parsed, and
 * keeps its cause. RangeError and TypeError are left for misuse of our own functions.
 *
 * @module
 */

/** Bytes that are not bencode (BEP 3), or exceed a limit of the decoder. */
export class BencodeError extends SyntaxError {
  override readonly name = "BencodeError";
  /** Where in the input decoding stopped, in bytes from its start. */
  readonly offset: number;

  constructor(message: string, offset: number, options?: ErrorOptions) {
    super(message, options);
    this.offset = offset;
  }
}

/** Bencode that is not a usable torrent; `key` names the offending value, such as `info.files[3].path`. */
export class MetainfoError extends SyntaxError {
  override readonly name = "MetainfoError";
  readonly key: string;

  constructor(message: string, key: string, options?: ErrorOptions) {
    super(message, options);
    this.key = key;
  }
}

/** A tracker that did not answer, refused, or answered nonsense; `url` has its secrets removed. */
export class TrackerError extends Error {
  override readonly name = "TrackerError";
  readonly url: string;

  constructor(message: string, url: string, options?: ErrorOptions) {
    super(message, options);
    this.url = url;
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
  | "surplus";

/** The end of one peer connection, with its reason; never the end of the download. */
export class PeerError extends Error {
  override readonly name = "PeerError";
  readonly reason: PeerErrorReason;

  constructor(message: string, reason: PeerErrorReason, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** What stopped a read or write: `code` is the system's (ENOSPC, EROFS, ...) or one of our own. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly path: string;
  readonly code: string;

  constructor(message: string, path: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
    this.code = code;
  }
}

/** Nothing more can come: no source is left, or nothing arrived for the time allowed. */
export class GaveUpError extends Error {
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
