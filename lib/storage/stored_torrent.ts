/**
 * What storage needs to know of a torrent, and its form on the way to another thread.
 *
 * @module
 */
import { type FileExtent, Geometry } from "../torrent/geometry.ts";
import type { Metainfo, TorrentFile } from "../torrent/metainfo.ts";

/** The part of a Metainfo that a disk works by: which bytes lie in which file, and their hashes. */
export type TorrentLayout = Pick<Metainfo, "files" | "pieceLength" | "geometry" | "pieceHashes">;

/** The part of a Metainfo that says what is stored where. */
export type StoredTorrent =
  & TorrentLayout
  & Pick<Metainfo, "infoHash" | "name" | "isMultiFile">;

/** Whether a file has a place on the disk: padding has none, and what stands for a link is not for us to say. */
export function isOnDisk({ isPadding, isSymlink }: TorrentFile): boolean {
  return !isPadding && isSymlink === undefined;
}

/** A layout as plain data: a copy of 100,000 file objects would take longer than all their names in one text. */
export interface LayoutRecord {
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
export function encodeLayout(torrent: TorrentLayout): LayoutRecord {
  const { pieceLength, pieceHashes, files } = torrent;
  return {
    pieceLength,
    pieceHashes: pieceHashes.slice(),
    paths: files.map(({ path }) => path.join(SEPARATOR)).join(END),
    lengths: Float64Array.from(files, ({ lengthBytes }) => lengthBytes),
    paddings: Uint8Array.from(files, ({ isPadding }) => Number(isPadding)),
  };
}

/** Takes its path apart only when asked: each thread has all files, and opens few of them. */
class DecodedFile implements TorrentFile {
  readonly lengthBytes: number;
  readonly isPadding: boolean;
  readonly #path: string;

  constructor(path: string, { lengthBytes, isPadding }: FileExtent) {
    this.#path = path;
    this.lengthBytes = lengthBytes;
    this.isPadding = isPadding;
  }

  get path(): readonly string[] {
    return this.#path.split(SEPARATOR);
  }
}

/** Back from plain data. */
export function decodeLayout(record: LayoutRecord): TorrentLayout {
  const { pieceLength, pieceHashes, lengths, paddings } = record;
  const paths = lengths.length === 0 ? [] : record.paths.split(END);
  const files = paths.map((path, index) =>
    new DecodedFile(path, {
      lengthBytes: lengths[index] ?? 0,
      isPadding: paddings[index] === 1,
    })
  );
  const geometry = new Geometry(files, pieceLength);
  return { files, pieceLength, geometry, pieceHashes };
}
