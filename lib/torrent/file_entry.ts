/**
 * One file of a torrent (BEP 3, 47), read off the cursor: there may be hundreds of thousands of them.
 *
 * @module
 */
import { decodeUtf8 } from "../base/text.ts";
import { DICTIONARY, INTEGER, LIST } from "./bencode_cursor.ts";
import type { Decoder } from "./bencode_decoder.ts";
import {
  type BencodeList,
  type BencodeValue,
  bytesOf,
  integerOf,
  listOf,
} from "./bencode_value.ts";
import { describe, refuseTorrent } from "./fields.ts";
import { safeName } from "./path.ts";

/** One entry of the list, its path safe but not yet unlike all others. */
export interface FileEntry {
  /** Safe components; the first is the torrent's name. */
  readonly path: readonly string[];
  readonly lengthBytes: number;
  readonly isPadding: boolean;
  /** Left out where it is not. */
  readonly isSymlink?: true;
}

/** An entry while the torrent's name, in the file, is still to come. */
export interface FileDraft extends FileEntry {
  readonly path: string[];
  isPadding: boolean;
}

/** The longest file, in bytes: 16 TiB. What other clients can hold. */
const MAX_FILE_BYTES = 2 ** 44;
/** Folders in folders: more than any real torrent, fewer than make a path too long to open. */
const MAX_PATH_DEPTH = 100;
/** BitComet's name for padding, from before BEP 47. */
const BITCOMET_PADDING = "_____padding_file_";
/** Where the torrent's name is to be. */
const NO_NAME = "";

/** What an entry says, as far as it was read: keys come in any order. */
interface Fields {
  attr?: BencodeValue;
  length?: BencodeValue;
  /** Of `path`, a safe name for each component, and NO_NAME before them. */
  names?: string[];
  /** What is no string in it: it does not matter where `path.utf-8` is used. */
  fault?: { readonly rest: string; readonly detail: string };
  /** `path` where it is no list. */
  path?: BencodeValue;
  pathUtf8?: BencodeValue;
  symlinkPath?: BencodeValue;
}

/** Reads entries one after the other. */
export class FileEntryReader {
  /** The names of the last path of each depth: most files are in the folder of the one before. */
  readonly #names: string[] = [NO_NAME];
  /** The bytes that each of them was made of. */
  readonly #components: Uint8Array[] = [new Uint8Array(0)];
  #fields: Fields = {};

  /**
   * Reads the entry that comes next; `index` is its place in the list.
   *
   * @throws {MetainfoError}
   */
  read(source: Decoder, index: number): FileDraft {
    if (source.next !== DICTIONARY) {
      refuseTorrent(keyOf(index), `${describe(source.readValue())}, not a dictionary`);
    }
    const fields: Fields = {};
    this.#fields = fields;
    source.readEntries(this.#readField);
    const attributes = parseAttributes(fields.attr);
    const lengthBytes = parseLength(fields.length, attributes, index);
    const path = choosePath(fields, index);
    if (path.length === 1) {
      if (!attributes.isPadding) refuseTorrent(keyOf(index, ".path"), describePath(fields));
      path.push(".pad", `${lengthBytes}`);
    }
    const isPadding = attributes.isPadding || path.some(isPaddingName);
    const isSymlink = attributes.isSymlink && listOf(fields.symlinkPath) !== undefined;
    return isSymlink
      ? { path, lengthBytes, isPadding, isSymlink }
      : { path, lengthBytes, isPadding };
  }

  readonly #readField = (key: string, source: Decoder): void => {
    const fields = this.#fields;
    switch (key) {
      case "attr":
        fields.attr = source.readValue();
        break;
      case "length":
        fields.length = source.readValue();
        break;
      case "path":
        if (source.next === LIST) this.#readPath(source, fields);
        else fields.path = source.readValue();
        break;
      case "path.utf-8":
        fields.pathUtf8 = source.readValue();
        break;
      case "symlink path":
        fields.symlinkPath = source.readValue();
        break;
      default:
        source.skipValue();
    }
  };

  #readPath(source: Decoder, fields: Fields): void {
    source.enter();
    let depth = 0;
    while (!source.leaveAtEnd()) {
      if (fields.fault !== undefined) source.skipValue();
      else if (depth === MAX_PATH_DEPTH) {
        fields.fault = { rest: "", detail: `has more than ${MAX_PATH_DEPTH} parts` };
      } else if (isAtString(source)) this.#readName(source, ++depth);
      else {
        const detail = `${describe(source.readValue())}, not a string`;
        fields.fault = { rest: `[${depth}]`, detail };
      }
    }
    fields.names = this.#names.slice(0, depth + 1);
  }

  #readName(source: Decoder, depth: number): void {
    const length = source.readString();
    const start = source.offset - length;
    const known = this.#components[depth];
    if (known?.length === length && isAt(known, source.bytes, start)) return;
    const component = source.bytes.subarray(start, source.offset);
    this.#components[depth] = component;
    this.#names[depth] = safeName(component);
  }
}

function isAtString({ next }: Decoder): boolean {
  return next !== DICTIONARY && next !== LIST && next !== INTEGER;
}

function isAt(component: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < component.length; at++) {
    if (component[at] !== bytes[start + at]) return false;
  }
  return true;
}

/** Which entry of the list, for errors: made into a text only when there is one. */
function keyOf(index: number, rest = ""): string {
  return `info.files[${index}]${rest}`;
}

/** The names of `path.utf-8` where all are UTF-8, else of `path`; NO_NAME alone when there is no such list. */
function choosePath(fields: Fields, index: number): string[] {
  const { names, fault } = fields;
  const utf8 = listOf(fields.pathUtf8);
  if (utf8 !== undefined) {
    const components = checkComponents(utf8, index);
    const hasOther = names !== undefined && (names.length > 1 || fault !== undefined);
    const isUtf8 = components.every((component) => decodeUtf8(component) !== undefined);
    if (!hasOther || isUtf8) {
      return [NO_NAME, ...components.map((component) => safeName(component))];
    }
  }
  if (fault !== undefined) refuseTorrent(keyOf(index, `.path${fault.rest}`), fault.detail);
  return names ?? [NO_NAME];
}

function checkComponents(list: BencodeList, index: number): readonly Uint8Array[] {
  const key = ".path.utf-8";
  if (list.length > MAX_PATH_DEPTH) {
    refuseTorrent(keyOf(index, key), `has more than ${MAX_PATH_DEPTH} parts`);
  }
  return list.map((item, at) =>
    bytesOf(item) ?? refuseTorrent(keyOf(index, `${key}[${at}]`), `${describe(item)}, not a string`)
  );
}

/** What is wrong with the path of an entry that has none. */
function describePath({ names, path, pathUtf8 }: Fields): string {
  const isEmpty = pathUtf8 === undefined ? names !== undefined : listOf(pathUtf8) !== undefined;
  return isEmpty ? "is empty" : `${describe(pathUtf8 ?? path)}, not a list`;
}

/** Whether a component of a path says that the file is padding. */
export function isPaddingName(name: string): boolean {
  return name.includes(BITCOMET_PADDING);
}

/** What the letters of `attr` say (BEP 47). */
export interface Attributes {
  readonly isPadding: boolean;
  readonly isSymlink: boolean;
}

const NO_ATTRIBUTES: Attributes = { isPadding: false, isSymlink: false };

/** `attr` has a letter for each attribute: p for padding, l for a symbolic link; others do not matter. */
export function parseAttributes(attr: BencodeValue | undefined): Attributes {
  const letters = bytesOf(attr);
  if (letters === undefined) return NO_ATTRIBUTES;
  return { isPadding: letters.includes(0x70), isSymlink: letters.includes(0x6c) };
}

/**
 * A symbolic link takes no bytes, whatever it says. Without an index, the length of the only file.
 *
 * @throws {MetainfoError}
 */
export function parseLength(
  value: BencodeValue | undefined,
  { isSymlink }: Attributes,
  index?: number,
): number {
  if (isSymlink) return 0;
  const length = integerOf(value);
  if (length !== undefined && length >= 0 && length < MAX_FILE_BYTES) return length;
  const key = index === undefined ? "info.length" : keyOf(index, ".length");
  if (length === undefined || length < 0) refuseTorrent(key, `${describe(value)}, not a length`);
  refuseTorrent(key, `is ${length} bytes: too many`);
}
