/**
 * A .torrent file's bytes to a checked Metainfo (BEP 3, 5, 12, 19, 27, 47).
 *
 * @module
 */
import { decodeBencodePrefix, type DecodeOptions } from "./bencode.ts";
import { type BencodeDictionary, bytesOf, dictionaryOf, integerOf } from "./bencode_value.ts";
import { separatePaths } from "./collisions.ts";
import { describe, refuseTorrent, shownText, Warnings } from "./fields.ts";
import type { FileEntry } from "./file_entry.ts";
import { FileListReader, parseFiles, parseName } from "./file_list.ts";
import { Geometry, HASH_LENGTH } from "./geometry.ts";
import { checkVersion, refuseVersionTwoAlone } from "./hybrid.ts";
import { sha1, sha1Later } from "./sha1.ts";
import { parseNodes, parseTrackers, parseWebSeeds } from "./sources.ts";

/**
 * Only hashInfo() makes an InfoHash.
 *
 * @internal
 */
declare class InfoHashBrand {
  readonly #brand: "InfoHash";
}

/** The SHA-1 of the info dictionary's raw bytes: 20 bytes that name a torrent (BEP 3). */
export type InfoHash = Uint8Array<ArrayBuffer> & InfoHashBrand;

/** One file of a torrent, its name already safe to use on disk. */
export interface TorrentFile {
  /** Safe components below the output folder: `[NAME]`, or `[NAME, folder..., file]`. */
  readonly path: readonly string[];
  /** 0 for an empty file. */
  readonly lengthBytes: number;
  /** Padding (BEP 47): zeros that are neither requested nor written. */
  readonly isPadding: boolean;
  /** A symbolic link (BEP 47): an entry of 0 bytes, for which nothing need be made on disk, least of all a link. */
  readonly isSymlink?: true;
}

/** A checked torrent: whoever holds one needs to check nothing again. */
export interface Metainfo {
  /** Of the raw bytes as they stand in the file, so that odd spellings keep their torrent. */
  readonly infoHash: InfoHash;
  /** The safe name: of the file, or of the folder that holds the files. */
  readonly name: string;
  /** Whether the files lie in a folder called `name`. */
  readonly isMultiFile: boolean;
  /** In the order of their bytes, padding included. */
  readonly files: readonly TorrentFile[];
  /** In bytes. */
  readonly pieceLength: number;
  /** Made from `files` and `pieceLength`. */
  readonly geometry: Geometry;
  /** SHA-1 of every piece, 20 bytes each. */
  readonly pieceHashes: Uint8Array;
  /** Whether peers may come from its trackers only (BEP 27). */
  readonly isPrivate: boolean;
  /** Trackers in tiers (BEP 12); `announce` alone is one tier of one. Only well-formed http, https and udp URLs. */
  readonly trackers: readonly (readonly string[])[];
  /** URLs that serve the same files (BEP 19); told, not used yet. */
  readonly webSeeds: readonly string[];
  /** `host:port` of DHT nodes (BEP 5); told, not used yet. */
  readonly nodes: readonly string[];
  /** Free text, without control characters. */
  readonly comment?: string;
  /** What makes it another torrent than one of the same files, as private trackers want. */
  readonly source?: string;
  /** The program that made it, as it says. */
  readonly createdBy?: string;
  /** Seconds since 1970. */
  readonly creationDate?: number;
  /** What the torrent says of its texts; nothing depends on it. */
  readonly encoding?: string;
  /** What was odd but tolerated, a line each. */
  readonly warnings: readonly string[];
}

/** The longest .torrent file, in bytes. */
export const MAX_TORRENT_BYTES = 64 * 1024 * 1024;
/** How many pieces a torrent may have. */
export const MAX_PIECES = 2 ** 21;
/** The longest piece, in bytes: just below 1 GiB, as other clients have it. */
export const MAX_PIECE_LENGTH = 2 ** 30 - 1;

/** What real torrents have; the info hash is of the raw bytes, so that nothing depends on it. */
const LENIENT: DecodeOptions = {
  allowUnsortedKeys: true,
  allowLeadingZeros: true,
  maxLengthBytes: MAX_TORRENT_BYTES,
};

/**
 * Reads a .torrent file.
 *
 * @throws {BencodeError} for bytes that are not bencode
 * @throws {MetainfoError} for what is no usable torrent, naming the key
 */
export function parseMetainfo(bytes: Uint8Array): Metainfo {
  const torrent = decodeTorrent(bytes);
  return parseTorrent(torrent, hashInfo(torrent.rawInfo));
}

/**
 * The same, sooner where there are many pieces: WebCrypto makes the info hash.
 *
 * @throws {BencodeError} for bytes that are not bencode
 * @throws {MetainfoError} for what is no usable torrent, naming the key
 */
export async function readMetainfo(bytes: Uint8Array<ArrayBuffer>): Promise<Metainfo> {
  const torrent = decodeTorrent(bytes);
  return parseTorrent(torrent, await sha1Later(torrent.rawInfo) as InfoHash);
}

/** The name of a torrent whose info dictionary has these raw bytes. */
export function hashInfo(raw: Uint8Array): InfoHash {
  return sha1(raw) as InfoHash;
}

/** A .torrent file as decoded: its values are still to be checked. */
interface DecodedTorrent<Buffer extends ArrayBufferLike> {
  readonly root: BencodeDictionary;
  readonly info: BencodeDictionary;
  /** Of the info dictionary. */
  readonly rawInfo: Uint8Array<Buffer>;
  /** What read the list of files. */
  readonly list: FileListReader;
  /** What the standard forbids in the info dictionary. */
  readonly oddity: string | undefined;
  readonly warnings: Warnings;
}

function decodeTorrent<Buffer extends ArrayBufferLike>(
  bytes: Uint8Array<Buffer>,
): DecodedTorrent<Buffer> {
  const list = new FileListReader();
  const { value, lengthBytes, rootSpans } = decodeBencodePrefix(bytes, {
    ...LENIENT,
    itemReader: list,
  });
  const root = dictionaryOf(value);
  if (root === undefined) refuseTorrent("", `${describe(value)}, not a dictionary`);
  const info = dictionaryOf(root.get("info"));
  const span = rootSpans.get("info");
  if (info === undefined || span === undefined) {
    refuseTorrent("info", `${describe(root.get("info"))}, not a dictionary`);
  }
  const warnings = new Warnings();
  const surplusBytes = bytes.length - lengthBytes;
  if (surplusBytes > 0) {
    const noun = surplusBytes === 1 ? "byte" : "bytes";
    warnings.add(`Ignored ${surplusBytes} ${noun} after the end of the torrent`);
  }
  const rawInfo = bytes.subarray(span.start, span.end);
  return { root, info, rawInfo, list, oddity: span.oddity, warnings };
}

function parseTorrent(torrent: DecodedTorrent<ArrayBufferLike>, infoHash: InfoHash): Metainfo {
  const { root, warnings } = torrent;
  return {
    infoHash,
    ...parseInfo(torrent, infoHash.toHex()),
    trackers: parseTrackers(root, warnings),
    webSeeds: parseWebSeeds(root, warnings),
    nodes: parseNodes(root, warnings),
    ...parseRemarks(root, torrent.info),
    warnings: warnings.list(),
  };
}

type Content = Pick<
  Metainfo,
  "name" | "isMultiFile" | "files" | "pieceLength" | "geometry" | "pieceHashes" | "isPrivate"
>;

/** @param defaultName for a torrent without a usable one */
function parseInfo(torrent: DecodedTorrent<ArrayBufferLike>, defaultName: string): Content {
  const { root, info, list, oddity, warnings } = torrent;
  refuseVersionTwoAlone(info);
  const pieceLength = parsePieceLength(info);
  const name = parseName(info, defaultName);
  const entries = parseFiles(info, name, { list, warnings });
  checkVersion(root, { info, oddity, name, pieceLength, entries });
  const files = nameFiles(entries);
  const geometry = new Geometry(files, pieceLength);
  return {
    name,
    isMultiFile: Array.isArray(info.get("files")),
    files,
    pieceLength,
    geometry,
    pieceHashes: parsePieceHashes(info, geometry.pieceCount),
    isPrivate: isPrivate(info),
  };
}

function nameFiles(entries: readonly FileEntry[]): readonly TorrentFile[] {
  const paths = separatePaths(entries);
  return entries.map((entry, index) => {
    const path = paths[index] ?? entry.path;
    return path === entry.path ? entry : { ...entry, path };
  });
}

function parsePieceLength(info: BencodeDictionary): number {
  const value = info.get("piece length");
  const length = integerOf(value);
  if (length === undefined || length < 1 || length > MAX_PIECE_LENGTH) {
    refuseTorrent("info.piece length", `${describe(value)}, not 1 to ${MAX_PIECE_LENGTH}`);
  }
  return length;
}

function parsePieceHashes(info: BencodeDictionary, pieceCount: number): Uint8Array {
  if (pieceCount > MAX_PIECES) {
    refuseTorrent("info.piece length", `makes ${pieceCount} pieces, of at most ${MAX_PIECES}`);
  }
  const hashes = bytesOf(info.get("pieces"));
  if (hashes === undefined) {
    refuseTorrent("info.pieces", `${describe(info.get("pieces"))}, not a string`);
  }
  const wanted = pieceCount * HASH_LENGTH;
  if (hashes.length !== wanted) {
    refuseTorrent("info.pieces", `has ${hashes.length} bytes, not ${wanted} for all pieces`);
  }
  return hashes.slice(); // a copy: what the caller does with the file's bytes must not matter
}

/** Any integer but 0 says so (BEP 27): when in doubt, a torrent is private. */
function isPrivate(info: BencodeDictionary): boolean {
  const value = info.get("private");
  return typeof value === "bigint" || (integerOf(value) ?? 0) !== 0;
}

type Remarks = Pick<Metainfo, "comment" | "source" | "createdBy" | "creationDate" | "encoding">;

function parseRemarks(root: BencodeDictionary, info: BencodeDictionary): Remarks {
  const comment = shownText(root, "comment");
  const source = shownText(info, "source");
  const createdBy = shownText(root, "created by");
  const encoding = shownText(root, "encoding");
  const creationDate = integerOf(root.get("creation date")) ?? -1;
  return {
    ...(comment === undefined ? {} : { comment }),
    ...(source === undefined ? {} : { source }),
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(creationDate < 0 ? {} : { creationDate }),
  };
}
