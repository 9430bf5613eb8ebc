/** Torrents made in memory, with their content: the same ones for the same options. */
import { createHash } from "node:crypto";
import { type BencodeInput, encodeBencode } from "../../lib/torrent/bencode.ts";
import { type Metainfo, parseMetainfo } from "../../lib/torrent/metainfo.ts";
import { randomOf } from "../torrent/helpers.ts";

/** One file to be. */
export interface FixtureFile {
  /** Folders and name, joined by `/`. */
  readonly path: string;
  readonly lengthBytes: number;
  /** Zeros that nobody requests (BEP 47). */
  readonly isPadding?: boolean;
}

/** What to make. */
export interface FixtureOptions {
  readonly name?: string;
  /** Files in a folder, or the length of a single file in bytes. */
  readonly files: readonly FixtureFile[] | number;
  readonly pieceLength: number;
  /** Of the content. */
  readonly seed?: number;
  /** Tiers (BEP 12). */
  readonly trackers?: readonly (readonly string[])[];
  readonly isPrivate?: boolean;
  /** Further keys beside `info`. */
  readonly extra?: Readonly<Record<string, BencodeInput>>;
}

/** A torrent, and everything there is to know of it. */
export interface TorrentFixture {
  readonly metainfo: Metainfo;
  readonly torrentBytes: Uint8Array<ArrayBuffer>;
  /** The files end to end. */
  readonly content: Uint8Array<ArrayBuffer>;
}

/** Makes a torrent of random bytes. */
export function makeTorrent(options: FixtureOptions): TorrentFixture {
  const { name = "fixture", files, pieceLength, trackers } = options;
  const content = makeContent(files, options.seed ?? 1);
  const extent = typeof files === "number" ? { length: files } : { files: files.map(entryOf) };
  const torrentBytes = encodeBencode({
    ...options.extra,
    announce: trackers?.[0]?.[0],
    "announce-list": trackers,
    info: {
      ...extent,
      name,
      "piece length": pieceLength,
      pieces: hashPieces(content, pieceLength),
      private: options.isPrivate ? 1 : undefined,
    },
  });
  return { metainfo: parseMetainfo(torrentBytes), torrentBytes, content };
}

/** The content of one file: a view. */
export function fileContent(
  fixture: Pick<TorrentFixture, "metainfo" | "content">,
  fileIndex: number,
): Uint8Array<ArrayBuffer> {
  const start = fixture.metainfo.geometry.fileOffset(fileIndex);
  const lengthBytes = fixture.metainfo.files[fileIndex]?.lengthBytes ?? 0;
  return fixture.content.subarray(start, start + lengthBytes);
}

/** Writes the files below `directory`, as a download would leave them. */
export async function writeContent(directory: string, fixture: TorrentFixture): Promise<void> {
  for (const [fileIndex, { path, isPadding }] of fixture.metainfo.files.entries()) {
    if (isPadding) continue;
    await Deno.mkdir([directory, ...path.slice(0, -1)].join("/"), { recursive: true });
    await Deno.writeFile([directory, ...path].join("/"), fileContent(fixture, fileIndex));
  }
}

function entryOf(file: FixtureFile) {
  return {
    attr: file.isPadding ? "p" : undefined,
    length: file.lengthBytes,
    path: file.path.split("/"),
  };
}

function makeContent(files: FixtureOptions["files"], seed: number): Uint8Array<ArrayBuffer> {
  if (typeof files === "number") return randomBytes(files, seed);
  const total = files.reduce((sum, file) => sum + file.lengthBytes, 0);
  const content = randomBytes(total, seed);
  let offset = 0;
  for (const { lengthBytes, isPadding } of files) {
    if (isPadding) content.fill(0, offset, offset + lengthBytes);
    offset += lengthBytes;
  }
  return content;
}

/** Random bytes, the same ones for the same seed. */
export function randomBytes(lengthBytes: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(lengthBytes / 4));
  const random = randomOf(seed);
  for (let at = 0; at < words.length; at++) words[at] = random(2 ** 32);
  return new Uint8Array(words.buffer, 0, lengthBytes);
}

function hashPieces(content: Uint8Array, pieceLength: number): Uint8Array {
  const count = Math.ceil(content.length / pieceLength);
  const hashes = new Uint8Array(20 * count);
  for (let index = 0; index < count; index++) {
    const piece = content.subarray(index * pieceLength, (index + 1) * pieceLength);
    hashes.set(createHash("sha1").update(piece).digest(), index * 20);
  }
  return hashes;
}
