/**
 * Torrents of BitTorrent v2 (BEP 52): those without a v1 part are refused by name, those with one
 * (hybrids) are read by it, after a check that both parts tell of the same files.
 *
 * @module
 */
import { decodeLatin1 } from "../base/text.ts";
import {
  type BencodeDictionary,
  type BencodeValue,
  bytesOf,
  dictionaryOf,
  integerOf,
  listOf,
} from "./bencode_value.ts";
import { describe, refuseTorrent } from "./fields.ts";
import type { FileEntry } from "./file_entry.ts";
import { safeName } from "./path.ts";

/** The v1 part, as read. */
export interface VersionOne {
  readonly info: BencodeDictionary;
  /** The first thing in `info` that is not bencoded as the standard says; `undefined` where all is. */
  readonly oddity: string | undefined;
  readonly name: string;
  readonly pieceLength: number;
  readonly entries: readonly FileEntry[];
}

const ROOT_BYTES = 32;
const MIN_PIECE_LENGTH = 16 * 1024;
const MAX_FILE_BYTES = 2 ** 44;

/**
 * Refuses a torrent of BitTorrent v2 alone. To be called first: much else of it is missing too.
 *
 * @throws {MetainfoError}
 */
export function refuseVersionTwoAlone(info: BencodeDictionary): void {
  const isOne = listOf(info.get("files")) !== undefined || info.has("length");
  const isTwo = (integerOf(info.get("meta version")) ?? 0) >= 2 || info.has("file tree");
  if (isTwo && (!isOne || !info.has("pieces"))) {
    refuseTorrent("info.meta version", "says BitTorrent v2 only, which is not supported yet");
  }
}

/**
 * Checks what the torrent says of its version, and that the v2 part of a hybrid fits the v1 part.
 *
 * @throws {MetainfoError}
 */
export function checkVersion(root: BencodeDictionary, one: VersionOne): void {
  const version = integerOf(one.info.get("meta version")) ?? 0;
  const tree = dictionaryOf(one.info.get("file tree"));
  if (version > 2) refuseTorrent("info.meta version", `is ${version}, which is unknown`);
  // From version 1 on, info must be bencoded as the standard says.
  if (version > 0 && one.oddity !== undefined) {
    refuseTorrent("info", `is not strictly encoded: ${one.oddity}`);
  }
  if (version < 2) {
    if (tree !== undefined) refuseTorrent("info.meta version", "is missing beside a file tree");
    return;
  }
  if (tree === undefined) {
    refuseTorrent("info.file tree", `${describe(one.info.get("file tree"))}, not a dictionary`);
  }
  const { pieceLength } = one;
  if (pieceLength < MIN_PIECE_LENGTH || !Number.isInteger(Math.log2(pieceLength))) {
    refuseTorrent("info.piece length", `is ${pieceLength}, not a power of two from 16 KiB`);
  }
  const files = readTree(tree, one);
  checkSameFiles(align(files, pieceLength), one.entries);
  checkLayers(root.get("piece layers"), files, pieceLength);
}

interface TreeFile {
  readonly path: readonly string[];
  readonly lengthBytes: number;
  /** The file's Merkle root, as a key; empty for an empty file. */
  readonly root: string;
}

/** The files of the tree, in its order. */
function readTree(tree: BencodeDictionary, { info, name }: VersionOne): readonly TreeFile[] {
  const files: TreeFile[] = [];
  const descend = (folder: BencodeDictionary, path: readonly string[], key: string) => {
    for (const [part, value] of folder) {
      const partKey = `${key}[${JSON.stringify(part)}]`;
      const entry = dictionaryOf(value);
      if (entry === undefined || part === "") refuseTorrent(partKey, "is no file and no folder");
      const below = [...path, safeName(latin1Bytes(part))];
      const leaf = entry.size === 1 ? entry.get("") : undefined;
      if (leaf === undefined) descend(entry, below, partKey);
      else files.push(readLeaf(leaf, below, partKey));
    }
  };
  const isSingle = listOf(info.get("files")) === undefined && tree.size === 1 &&
    isLeaf([...tree.values()][0]);
  descend(tree, isSingle ? [] : [name], "info.file tree");
  return files;
}

function isLeaf(value: BencodeValue | undefined): boolean {
  const entry = dictionaryOf(value);
  return entry?.size === 1 && entry.has("");
}

function readLeaf(leaf: BencodeValue, path: readonly string[], key: string): TreeFile {
  const file = dictionaryOf(leaf);
  if (file === undefined) refuseTorrent(key, `${describe(leaf)}, not a dictionary`);
  const attributes = bytesOf(file.get("attr"));
  if (attributes?.includes(0x70)) refuseTorrent(`${key}.attr`, "says padding");
  const isSymlink = attributes?.includes(0x6c) ?? false;
  const length = isSymlink ? 0 : integerOf(file.get("length"));
  if (length === undefined || length < 0 || length >= MAX_FILE_BYTES) {
    refuseTorrent(`${key}.length`, `${describe(file.get("length"))}, not a length`);
  }
  if (length === 0) return { path, lengthBytes: 0, root: "" };
  const root = bytesOf(file.get("pieces root"));
  if (root?.length !== ROOT_BYTES || root.every((byte) => byte === 0)) {
    refuseTorrent(`${key}.pieces root`, "is not the root of a hash tree");
  }
  return { path, lengthBytes: length, root: decodeLatin1(root) };
}

function latin1Bytes(key: string): Uint8Array {
  return Uint8Array.from(key, (character) => character.charCodeAt(0));
}

/** What two lists of files are compared by: padding and empty files count only by their place. */
interface Extent {
  /** Empty for padding. */
  readonly path: string;
  readonly lengthBytes: number;
  readonly isPadding: boolean;
}

/** The files of v2 with the padding that puts each at the start of a piece. */
function align(files: readonly TreeFile[], pieceLength: number): readonly Extent[] {
  return files.flatMap(({ path, lengthBytes }) => {
    const extent = { path: path.join("/"), lengthBytes, isPadding: false };
    const padding = (pieceLength - lengthBytes % pieceLength) % pieceLength;
    return padding === 0 ? [extent] : [extent, { path: "", lengthBytes: padding, isPadding: true }];
  });
}

function checkSameFiles(two: readonly Extent[], entries: readonly FileEntry[]): void {
  const wanted = two.length === entries.length + 1 ? withoutTail(two) : two;
  let [offsetTwo, offsetOne] = [0, 0];
  const isSame = wanted.length === entries.length && wanted.every((file, index) => {
    const entry = entries[index];
    if (entry === undefined) return false;
    const isSameFile = isRelevant(file) === isRelevant(entry) &&
      (!isRelevant(file) ||
        (file.lengthBytes === entry.lengthBytes && file.path === entry.path.join("/") &&
          offsetTwo === offsetOne));
    offsetTwo += file.lengthBytes;
    offsetOne += entry.lengthBytes;
    return isSameFile;
  });
  if (!isSame || offsetOne !== offsetTwo) {
    refuseTorrent("info.file tree", "does not have the same files as the v1 part");
  }
}

/** Padding after the last bytes is usual, and as usually left out; empty files may follow it. */
function withoutTail(files: readonly Extent[]): readonly Extent[] {
  const tail = files.findLastIndex((file) => file.lengthBytes > 0);
  return files[tail]?.isPadding ? files.toSpliced(tail, 1) : files;
}

function isRelevant(file: { readonly lengthBytes: number; readonly isPadding: boolean }): boolean {
  return !file.isPadding && file.lengthBytes > 0;
}

/** The hashes of pieces of long files, where they are given, have the right lengths. */
function checkLayers(
  value: BencodeValue | undefined,
  files: readonly TreeFile[],
  pieceLength: number,
): void {
  const layers = dictionaryOf(value);
  if (layers === undefined) return;
  for (const [root, layer] of layers) {
    const length = bytesOf(layer)?.length;
    if (root.length !== ROOT_BYTES || length === undefined || length % ROOT_BYTES !== 0) {
      refuseTorrent("piece layers", "has an entry that is no layer of hashes");
    }
  }
  for (const { root, lengthBytes } of files) {
    const layer = bytesOf(layers.get(root));
    if (lengthBytes <= pieceLength || layer === undefined) continue;
    const wanted = Math.ceil(lengthBytes / pieceLength) * ROOT_BYTES;
    if (layer.length !== wanted) {
      refuseTorrent("piece layers", `has ${layer.length} bytes for a file, not ${wanted}`);
    }
  }
}
