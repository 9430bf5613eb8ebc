/**
 * The files of a torrent, from its info dictionary (BEP 3, 47): lengths checked, names made safe.
 *
 * @module
 */
import { decodeUtf8 } from "../base/text.ts";
import {
  type BencodeDictionary,
  type BencodeList,
  type BencodeValue,
  bytesOf,
  dictionaryOf,
  integerOf,
  listOf,
} from "./bencode_value.ts";
import { describe, refuseTorrent, type Warnings } from "./fields.ts";
import { safeComponent, safeName } from "./path.ts";

/** One entry of the list, its path safe but not yet unlike all others. */
export interface FileEntry {
  /** Safe components; the first is the torrent's name. */
  readonly path: readonly string[];
  readonly lengthBytes: number;
  readonly isPadding: boolean;
  /** Left out where it is not. */
  readonly isSymlink?: true;
}

/** The longest file, in bytes: 16 TiB, and the most of all together. What other clients can hold. */
const MAX_FILE_BYTES = 2 ** 44;
const MAX_TOTAL_BYTES = 2 ** 48;
/** Folders in folders: more than any real torrent, fewer than make a path too long to open. */
const MAX_PATH_DEPTH = 100;
/** BitComet's name for padding, from before BEP 47. */
const BITCOMET_PADDING = "_____padding_file_";

/** The safe name of the torrent; that of its folder falls back to `fallback` when nothing of it can be kept. */
export function parseName(info: BencodeDictionary, fallback: string): string {
  const bytes = preferUtf8(bytesOf(info.get("name.utf-8")), bytesOf(info.get("name")));
  if (bytes === undefined) refuseTorrent("info.name", describe(info.get("name")));
  if (Array.isArray(info.get("files"))) return safeComponent(bytes) ?? fallback;
  if (bytes.length === 0) refuseTorrent("info.name", "is empty");
  return safeComponent(bytes) ?? refuseTorrent("info.name", "is no name for a file");
}

/** The first where it is valid UTF-8 or the only one: what it is there for. */
function preferUtf8(
  utf8: Uint8Array | undefined,
  legacy: Uint8Array | undefined,
): Uint8Array | undefined {
  if (utf8 === undefined || legacy === undefined) return utf8 ?? legacy;
  return decodeUtf8(utf8) === undefined ? legacy : utf8;
}

/**
 * The files in the torrent's order.
 *
 * @throws {MetainfoError}
 */
export function parseFiles(
  info: BencodeDictionary,
  name: string,
  warnings: Warnings,
): readonly FileEntry[] {
  const list = listOf(info.get("files"));
  const files = list === undefined ? [parseSingleFile(info, name)] : readEntries(list, name);
  if (files.length === 0) refuseTorrent("info.files", "is empty");
  const total = files.reduce((sum, file) => sum + file.lengthBytes, 0);
  if (total >= MAX_TOTAL_BYTES) refuseTorrent("info.files", `are ${total} bytes in all: too many`);
  if (total === 0) refuseTorrent(list ? "info.files" : "info.length", "is 0 bytes in all");
  if (files.some((file) => file.isSymlink)) {
    warnings.add("Symbolic links in the torrent are not made");
  }
  return files;
}

function readEntries(list: BencodeList, name: string): readonly FileEntry[] {
  const reader = new EntryReader(name);
  return list.map((item, index) => reader.read(item, index));
}

function parseSingleFile(info: BencodeDictionary, name: string): FileEntry {
  const attributes = parseAttributes(info);
  return {
    path: [name],
    lengthBytes: parseLength(info, attributes),
    isPadding: attributes.isPadding || name.includes(BITCOMET_PADDING),
  };
}

/** Which entry of the list, for errors: made into a text only when there is one. */
function keyOf(index: number, rest = ""): string {
  return `info.files[${index}]${rest}`;
}

/** Reads the entries of the list in their order. */
class EntryReader {
  readonly #name: string;
  /** The path of the entry before, as it was and made safe: most files are in the folder of the one before. */
  #previous: readonly Uint8Array[] = [];
  #names: readonly string[] = [];

  /** @param name the torrent's safe name */
  constructor(name: string) {
    this.#name = name;
  }

  read(item: BencodeValue, index: number): FileEntry {
    const file = dictionaryOf(item);
    if (file === undefined) refuseTorrent(keyOf(index), `${describe(item)}, not a dictionary`);
    const attributes = parseAttributes(file);
    const lengthBytes = parseLength(file, attributes, index);
    const components = choosePath(file, index);
    const hasPath = components.length > 0;
    if (!hasPath && !attributes.isPadding) refuseTorrent(keyOf(index, ".path"), describePath(file));
    const path = hasPath ? this.#safePath(components) : [this.#name, ".pad", `${lengthBytes}`];
    const isPadding = attributes.isPadding || path.some((part) => part.includes(BITCOMET_PADDING));
    const isSymlink = attributes.isSymlink && listOf(file.get("symlink path")) !== undefined;
    return isSymlink
      ? { path, lengthBytes, isPadding, isSymlink }
      : { path, lengthBytes, isPadding };
  }

  #safePath(components: readonly Uint8Array[]): readonly string[] {
    const names = components.map((component, depth) => {
      const known = isSame(component, this.#previous[depth]) ? this.#names[depth] : undefined;
      return known ?? safeName(component);
    });
    this.#previous = components;
    this.#names = names;
    return [this.#name, ...names];
  }
}

function isSame(one: Uint8Array, other: Uint8Array | undefined): boolean {
  if (one.length !== other?.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

function describePath(file: BencodeDictionary): string {
  const value = file.get("path.utf-8") ?? file.get("path");
  return listOf(value)?.length === 0 ? "is empty" : `${describe(value)}, not a list`;
}

/** The components of `path.utf-8` where all are UTF-8, else of `path`; none when there is no such list. */
function choosePath(file: BencodeDictionary, index: number): readonly Uint8Array[] {
  const utf8 = listOf(file.get("path.utf-8"));
  const legacy = listOf(file.get("path"));
  if (utf8 !== undefined) {
    const components = checkComponents(utf8, index, ".path.utf-8");
    const isUtf8 = components.every((component) => decodeUtf8(component) !== undefined);
    if (legacy === undefined || legacy.length === 0 || isUtf8) return components;
  }
  return checkComponents(legacy ?? [], index, ".path");
}

function checkComponents(list: BencodeList, index: number, key: string): readonly Uint8Array[] {
  if (list.length > MAX_PATH_DEPTH) {
    refuseTorrent(keyOf(index, key), `has more than ${MAX_PATH_DEPTH} parts`);
  }
  if (isListOfBytes(list)) return list;
  const at = list.findIndex((item) => bytesOf(item) === undefined);
  refuseTorrent(keyOf(index, `${key}[${at}]`), `${describe(list[at])}, not a string`);
}

function isListOfBytes(list: BencodeList): list is readonly Uint8Array[] {
  return list.every((item) => item instanceof Uint8Array);
}

interface Attributes {
  readonly isPadding: boolean;
  readonly isSymlink: boolean;
}

const NO_ATTRIBUTES: Attributes = { isPadding: false, isSymlink: false };

/** `attr` has a letter for each attribute (BEP 47): p for padding, l for a symbolic link; others do not matter. */
function parseAttributes(file: BencodeDictionary): Attributes {
  const letters = bytesOf(file.get("attr"));
  if (letters === undefined) return NO_ATTRIBUTES;
  return { isPadding: letters.includes(0x70), isSymlink: letters.includes(0x6c) };
}

/** A symbolic link takes no bytes, whatever it says. Without an index, the length of the only file. */
function parseLength(
  file: BencodeDictionary,
  { isSymlink }: Attributes,
  index?: number,
): number {
  if (isSymlink) return 0;
  const length = integerOf(file.get("length"));
  if (length !== undefined && length >= 0 && length < MAX_FILE_BYTES) return length;
  const key = index === undefined ? "info.length" : keyOf(index, ".length");
  if (length === undefined || length < 0) {
    refuseTorrent(key, `${describe(file.get("length"))}, not a length`);
  }
  refuseTorrent(key, `is ${length} bytes: too many`);
}
