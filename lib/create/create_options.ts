/**
 * What a new torrent is to say beside what its files say.
 *
 * @module
 */
import { printable } from "../base/text.ts";
import { isSafeName } from "../torrent/path.ts";
import { isPieceLength } from "../torrent/piece_length.ts";
import { isTrackerUrl, isWebSeedUrl } from "../torrent/sources.ts";

/** How to make a torrent; all optional. */
export interface CreateOptions {
  /** What the file or folder is called in it. @default as on the disk */
  readonly name?: string;
  /** In bytes: a power of two, see isPieceLength(). @default by the length of all files */
  readonly pieceLength?: number;
  /** URLs of trackers in tiers, the first one to be asked first (BEP 12). */
  readonly trackers?: readonly (readonly string[])[];
  /** URLs that serve the same files (BEP 19). */
  readonly webSeeds?: readonly string[];
  /** Whether peers may come from its trackers only (BEP 27). */
  readonly isPrivate?: boolean;
  /** For people to read. */
  readonly comment?: string;
  /** Makes it another torrent than one of the same files with another source. */
  readonly source?: string;
  /** In seconds since 1970. @default none, so that the same files make the same torrent */
  readonly creationDate?: number;
  /** A file that is not to be part of it: where it is to be written, say. */
  readonly leaveOut?: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** @throws {TypeError} for what no torrent can have */
export function checkCreateOptions(options: CreateOptions): void {
  const { name, pieceLength, trackers = [], webSeeds = [], creationDate = 0 } = options;
  if (name !== undefined && !isSafeName(name)) refuse("name", name, "safe for a file");
  if (pieceLength !== undefined && !isPieceLength(pieceLength)) {
    refuse("piece length", `${pieceLength}`, "a power of two of 16 KiB to 256 MiB");
  }
  for (const url of trackers.flat()) {
    if (!isTrackerUrl(url)) refuse("tracker", url, "an http, https or udp URL");
  }
  for (const url of webSeeds) {
    if (!isWebSeedUrl(url)) refuse("web seed", url, "an http or https URL");
  }
  if (!Number.isSafeInteger(creationDate) || creationDate < 0) {
    refuse("creation date", `${creationDate}`, "a number of seconds");
  }
}

function refuse(what: string, value: string, wanted: string): never {
  throw new TypeError(`Cannot use ${what} "${printable(value, 300)}": it is not ${wanted}`);
}
