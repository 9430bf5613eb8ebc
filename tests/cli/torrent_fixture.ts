/** Small torrents for the tests of the command line, made from bytes at hand. */
import { createHash } from "node:crypto";
import { type BencodeInput, encodeBencode } from "../../lib/torrent/bencode.ts";

/** One file: its path below the torrent's folder, its bytes; padding has the attribute p. */
export interface FixtureFile {
  readonly path: readonly string[];
  readonly bytes: Uint8Array;
  readonly isPadding?: true;
}

/** Bytes that look random and are the same every time. */
export function bytesOfSeed(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < length; at++) {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** The bytes of a multi-file .torrent. */
export function multiFileTorrent(
  files: readonly FixtureFile[],
  options: { name?: string; pieceLength?: number; extra?: Record<string, BencodeInput> } = {},
): Uint8Array<ArrayBuffer> {
  const { name = "album", pieceLength = 16384, extra = {} } = options;
  const info = {
    files: files.map(({ path, bytes, isPadding }) => ({
      ...(isPadding ? { attr: "p" } : {}),
      length: bytes.length,
      path,
    })),
    name,
    "piece length": pieceLength,
    pieces: pieceHashes(files.map(({ bytes }) => bytes), pieceLength),
  };
  return encodeBencode({ ...extra, info });
}

/** The bytes of a single-file .torrent. */
export function singleFileTorrent(
  bytes: Uint8Array,
  options: { name?: string; pieceLength?: number; extra?: Record<string, BencodeInput> } = {},
): Uint8Array<ArrayBuffer> {
  const { name = "one.bin", pieceLength = 16384, extra = {} } = options;
  const pieces = pieceHashes([bytes], pieceLength);
  const info = { length: bytes.length, name, "piece length": pieceLength, pieces };
  return encodeBencode({ ...extra, info });
}

function pieceHashes(parts: readonly Uint8Array[], pieceLength: number): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  const count = Math.ceil(whole.length / pieceLength);
  const hashes = new Uint8Array(count * 20);
  for (let piece = 0; piece < count; piece++) {
    const bytes = whole.subarray(piece * pieceLength, (piece + 1) * pieceLength);
    hashes.set(createHash("sha1").update(bytes).digest(), piece * 20);
  }
  return hashes;
}

/** Writes the files below `directory/name`, padding left out. */
export async function writeFiles(
  directory: string,
  files: readonly FixtureFile[],
  name = "album",
): Promise<void> {
  for (const { path, bytes, isPadding } of files) {
    if (isPadding) continue;
    const folder = [directory, name, ...path.slice(0, -1)].join("/");
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(`${folder}/${path.at(-1)}`, bytes);
  }
}
