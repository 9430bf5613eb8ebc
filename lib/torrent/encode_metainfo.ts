/**
 * The bytes of a new .torrent file: what parseMetainfo() reads (BEP 3, 12, 19, 27).
 *
 * The same description always makes the same bytes. The info dictionary holds no key but those that BEP 3
 * names, and `private` and `source` where they are asked for: it is what the info hash is of.
 *
 * @module
 */
import { encodeBencode } from "./bencode.ts";
import type { BencodeInput } from "./bencode_value.ts";

/** A file to be described. */
export interface FileDescription {
  /** Its name, and the folders on the way to it below the torrent's own. */
  readonly path: readonly string[];
  readonly lengthBytes: number;
}

/** All that a torrent says. */
export interface TorrentDescription {
  /** The name of the file, or of the folder that holds the files. */
  readonly name: string;
  /** In the order of their bytes; one length, in bytes, for a file without a folder. */
  readonly content: readonly FileDescription[] | number;
  /** In bytes. */
  readonly pieceLength: number;
  /** SHA-1 of every piece, 20 bytes each. */
  readonly pieceHashes: Uint8Array;
  /** URLs in tiers (BEP 12). */
  readonly trackers: readonly (readonly string[])[];
  /** URLs that serve the same files (BEP 19). */
  readonly webSeeds: readonly string[];
  /** Whether peers may come from its trackers only (BEP 27). */
  readonly isPrivate: boolean;
  readonly comment?: string | undefined;
  /** Part of the info dictionary: the same files with another source are another torrent. */
  readonly source?: string | undefined;
  readonly createdBy?: string | undefined;
  /** Seconds since 1970. */
  readonly creationDate?: number | undefined;
}

/** Encodes a description; it is for parseMetainfo() to say whether it makes sense. */
export function encodeMetainfo(torrent: TorrentDescription): Uint8Array<ArrayBuffer> {
  const { trackers, webSeeds, comment, createdBy, creationDate } = torrent;
  return encodeBencode({
    announce: trackers[0]?.[0],
    "announce-list": trackers.flat().length > 1 ? trackers : undefined,
    comment,
    "created by": createdBy,
    "creation date": creationDate,
    info: encodeInfo(torrent),
    "url-list": webSeeds.length > 0 ? webSeeds : undefined,
  });
}

function encodeInfo(torrent: TorrentDescription): BencodeInput {
  const { name, content, pieceLength, pieceHashes, isPrivate, source } = torrent;
  return {
    ...(typeof content === "number"
      ? { length: content }
      : { files: content.values().map(entryOf) }),
    name,
    "piece length": pieceLength,
    pieces: pieceHashes,
    private: isPrivate ? 1 : undefined,
    source,
  };
}

function entryOf({ path, lengthBytes }: FileDescription): BencodeInput {
  return { length: lengthBytes, path };
}
