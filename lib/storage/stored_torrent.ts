/**
 * What storage needs to know of a torrent, and its form on the way to another thread.
 *
 * @module
 */
import { Geometry } from "../torrent/geometry.ts";
import type { Metainfo, TorrentFile } from "../torrent/metainfo.ts";

/** The part of a Metainfo that says what is stored where. */
export type StoredTorrent = Pick<
  Metainfo,
  "infoHash" | "name" | "isMultiFile" | "files" | "pieceLength" | "geometry" | "pieceHashes"
>;

/** The same as plain data: a copy of 100,000 file objects would take longer than all their names in one text. */
export interface TorrentRecord {
  readonly infoHash: Uint8Array;
  readonly name: string;
  readonly isMultiFile: boolean;
  readonly pieceLength: number;
  readonly pieceHashes: Uint8Array;
  /** The paths of all files: a NUL, which no name has, after each but the last. */
  readonly paths: string;
  readonly lengths: Float64Array;
  /** 1 for padding. */
  readonly paddings: Uint8Array;
}

const END = "\0";
const SEPARATOR = "/";

/** As plain data, nothing of it shared with the torrent's own bytes. */
export function encodeTorrent(torrent: StoredTorrent): TorrentRecord {
  const { infoHash, name, isMultiFile, pieceLength, pieceHashes, files } = torrent;
  return {
    infoHash: infoHash.slice(),
    name,
    isMultiFile,
    pieceLength,
    pieceHashes: pieceHashes.slice(),
    paths: files.map(({ path }) => path.join(SEPARATOR)).join(END),
    lengths: Float64Array.from(files, ({ lengthBytes }) => lengthBytes),
    paddings: Uint8Array.from(files, ({ isPadding }) => Number(isPadding)),
  };
}

/** Back from plain data. */
export function decodeTorrent(record: TorrentRecord): StoredTorrent {
  const { name, isMultiFile, pieceLength, pieceHashes, lengths, paddings } = record;
  const paths = lengths.length === 0 ? [] : record.paths.split(END);
  const files: TorrentFile[] = paths.map((path, index) => ({
    path: path.split(SEPARATOR),
    lengthBytes: lengths[index] ?? 0,
    isPadding: paddings[index] === 1,
  }));
  const geometry = new Geometry(files, pieceLength);
  const infoHash = record.infoHash as Metainfo["infoHash"];
  return { infoHash, name, isMultiFile, files, pieceLength, geometry, pieceHashes };
}
