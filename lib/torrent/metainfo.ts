/**
 * A .torrent file's bytes to a checked Metainfo (BEP 3, 5, 12, 19, 27, 47).
 *
 * @module
 */
import { Geometry } from "./geometry.ts";

declare const brand: unique symbol;

/** The SHA-1 of the info dictionary's raw bytes: 20 bytes that name a torrent (BEP 3). */
export type InfoHash = Uint8Array<ArrayBuffer> & { readonly [brand]: "InfoHash" };

/** One file of a torrent, its name already safe to use on disk. */
export interface TorrentFile {
  /** Safe components below the output folder: `[NAME]`, or `[NAME, folder..., file]`. */
  readonly path: readonly string[];
  readonly lengthBytes: number;
  /** Padding (BEP 47): zeros that are neither requested nor written. */
  readonly isPadding: boolean;
}

/** A checked torrent: whoever holds one needs to check nothing again. */
export interface Metainfo {
  readonly infoHash: InfoHash;
  /** The safe name: of the file, or of the folder that holds the files. */
  readonly name: string;
  /** Whether the files lie in a folder called `name`. */
  readonly isMultiFile: boolean;
  readonly files: readonly TorrentFile[];
  /** In bytes. */
  readonly pieceLength: number;
  readonly geometry: Geometry;
  /** SHA-1 of every piece, 20 bytes each. */
  readonly pieceHashes: Uint8Array;
  readonly isPrivate: boolean;
  /** Trackers in tiers (BEP 12); `announce` alone is one tier of one. Only well-formed http, https and udp URLs. */
  readonly trackers: readonly (readonly string[])[];
  readonly webSeeds: readonly string[];
  readonly nodes: readonly string[];
  readonly comment?: string;
  readonly createdBy?: string;
  /** Seconds since 1970. */
  readonly creationDate?: number;
  readonly encoding?: string;
  /** What was odd but tolerated, a line each. */
  readonly warnings: readonly string[];
}
