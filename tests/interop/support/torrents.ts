/**
 * Torrents made for a test: files with known content, and the .torrent that describes them.
 *
 * @module
 */
import { createCipheriv, createHash } from "node:crypto";

/** A file to make. */
export interface FileToMake {
  /** `[name]`, or the components below the torrent's folder. */
  readonly path: readonly string[];
  readonly lengthBytes: number;
}

/** A torrent to make. */
export interface TorrentToMake {
  /** The name of the file, or of the folder that holds the files. */
  readonly name: string;
  /** One length in bytes for a single file, or the files of a folder. */
  readonly content: number | readonly FileToMake[];
  readonly pieceLengthBytes: number;
  readonly announce: string;
  /** More trackers, each a tier of its own (BEP 12). */
  readonly otherTrackers?: readonly string[];
}

/** A torrent that lies on disk, with all its content. */
export interface MadeTorrent {
  readonly torrentPath: string;
  /** The folder that holds the torrent's file or folder. */
  readonly contentFolder: string;
  /** 40 hexadecimal digits. */
  readonly infoHash: string;
  /** Every file with its content, its path relative to the output folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Writes the content below `folder`, and the .torrent beside it. */
export async function makeTorrent(folder: string, torrent: TorrentToMake): Promise<MadeTorrent> {
  const contentFolder = `${folder}/content`;
  const files = makeContent(torrent);
  for (const [path, bytes] of files) {
    const fullPath = `${contentFolder}/${path}`;
    await Deno.mkdir(fullPath.slice(0, fullPath.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(fullPath, bytes);
  }
  const info = makeInfo(torrent, hashPieces([...files.values()], torrent.pieceLengthBytes));
  // A plain name: it also stands in configuration files that take no spaces.
  const torrentPath = `${folder}/made.torrent`;
  await Deno.writeFile(torrentPath, encodeBencode({ ...makeTrackers(torrent), info }));
  return { torrentPath, contentFolder, infoHash: sha1(encodeBencode(info)).toHex(), files };
}

/** The info dictionary of this torrent (BEP 3). */
export function makeInfo(torrent: TorrentToMake, pieces: Uint8Array): Record<string, Bencodable> {
  const common = { name: torrent.name, "piece length": torrent.pieceLengthBytes, pieces };
  return typeof torrent.content === "number" ? { ...common, length: torrent.content } : {
    ...common,
    files: torrent.content.map(({ path, lengthBytes: length }) => ({ path, length })),
  };
}

function makeTrackers({ announce, otherTrackers }: TorrentToMake): Record<string, Bencodable> {
  if (otherTrackers === undefined) return { announce };
  return { announce, "announce-list": [announce, ...otherTrackers].map((url) => [url]) };
}

function makeContent({ name, content }: TorrentToMake): Map<string, Uint8Array> {
  if (typeof content === "number") return new Map([[name, fakeRandom(name, content)]]);
  return new Map(content.map((file) => {
    const path = [name, ...file.path].join("/");
    return [path, fakeRandom(path, file.lengthBytes)];
  }));
}

/** Bytes that look random, always the same for one seed. */
export function fakeRandom(seed: string, lengthBytes: number): Uint8Array<ArrayBuffer> {
  const key = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-256-ctr", key, new Uint8Array(16));
  const bytes = Uint8Array.from(cipher.update(new Uint8Array(lengthBytes)));
  cipher.final();
  return bytes;
}

function hashPieces(files: readonly Uint8Array[], pieceLengthBytes: number): Uint8Array {
  const bytes = joinBytes(files);
  const hashes: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; offset += pieceLengthBytes) {
    hashes.push(sha1(bytes.subarray(offset, offset + pieceLengthBytes)));
  }
  return joinBytes(hashes);
}

function sha1(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash("sha1").update(bytes).digest());
}

/** What the encoder below takes. */
export type Bencodable =
  | string
  | number
  | Uint8Array
  | readonly Bencodable[]
  | { readonly [key: string]: Bencodable };

/** Bencode by an encoder of the tests' own, so that ours is not its own judge. Keys are ASCII. */
export function encodeBencode(value: Bencodable): Uint8Array<ArrayBuffer> {
  if (typeof value === "number") return encodeText(`i${value}e`);
  if (typeof value === "string") return encodeBencode(encodeText(value));
  if (value instanceof Uint8Array) return joinBytes([encodeText(`${value.length}:`), value]);
  if (isList(value)) {
    return joinBytes([encodeText("l"), ...value.map(encodeBencode), encodeText("e")]);
  }
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  const encoded = entries.flatMap(([key, item]) => [encodeBencode(key), encodeBencode(item)]);
  return joinBytes([encodeText("d"), ...encoded, encodeText("e")]);
}

function isList(value: Bencodable): value is readonly Bencodable[] {
  return Array.isArray(value);
}

function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
