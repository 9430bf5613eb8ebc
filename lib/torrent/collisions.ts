/**
 * Names that would overwrite each other, made different.
 *
 * @module
 */
import { cutToBytes } from "../base/text.ts";
import { MAX_COMPONENT_BYTES } from "./path.ts";

/** What decides whether two files may have one name. */
export interface NamedFile {
  /** Safe components; the first is the torrent's name. */
  readonly path: readonly string[];
  readonly lengthBytes: number;
  readonly isPadding: boolean;
}

/**
 * The path of each file, changed where it is that of a folder or of an earlier file, on a system that
 * ignores case too: `.1`, `.2`, ... is put before the extension. Padding of one length may share a name.
 */
export function separatePaths(files: readonly NamedFile[]): readonly (readonly string[])[] {
  const root = new Folder();
  const folders = files.map((file) => folderOf(file, root));
  return files.map((file, index) => (folders[index] ?? root).place(file));
}

/** The folder that a file is in, its name and those on the way taken. */
function folderOf({ path }: NamedFile, root: Folder): Folder {
  let folder = root;
  for (let depth = 0; depth < path.length - 1; depth++) {
    folder = folder.subfolder(path[depth] ?? "");
  }
  return folder;
}

/** The names in one folder. There may be as many folders as files: what few need is made when needed. */
class Folder {
  /** Every name taken, folded; for padding, its length, for all else -1. */
  readonly #taken = new Map<string, number>();
  /** The folders in it, by their names as they are, and by a slash and their folded ones. */
  #folders: Map<string, Folder> | undefined;
  /**
   * The last number tried, so that a thousand equal names cost a thousand steps: by the name with the first
   * number of as many digits, for names that are cut to the same share their numbers.
   */
  #lastNumber: Map<string, number> | undefined;

  /** The folder of that name in it, the name taken. */
  subfolder(name: string): Folder {
    this.#folders ??= new Map();
    const known = this.#folders.get(name);
    if (known !== undefined) return known;
    const key = fold(name);
    const folder = this.#folders.get(`/${key}`) ?? new Folder();
    this.#folders.set(name, folder).set(`/${key}`, folder);
    this.#taken.set(key, -1);
    return folder;
  }

  /** Takes a name for a file; returns its path with that name. */
  place(file: NamedFile): readonly string[] {
    const name = file.path.at(-1) ?? "";
    const key = fold(name);
    const holder = this.#taken.get(key);
    if (holder === undefined) {
      this.#taken.set(key, file.isPadding ? file.lengthBytes : -1);
      return file.path;
    }
    if (file.isPadding && holder === file.lengthBytes) return file.path;
    return [...file.path.slice(0, -1), this.#rename(name)];
  }

  /** The first number that makes it a name of its own: one digit, then two, ... */
  #rename(name: string): string {
    for (let first = 1;; first *= 10) {
      const renamed = this.#renameBetween(name, first, first * 10);
      if (renamed !== undefined) return renamed;
    }
  }

  /** With a number of at least `first` and below `end`, if one is free; all of them have as many digits. */
  #renameBetween(name: string, first: number, end: number): string | undefined {
    this.#lastNumber ??= new Map();
    const key = fold(numbered(name, first));
    for (let number = (this.#lastNumber.get(key) ?? first - 1) + 1; number < end; number++) {
      this.#lastNumber.set(key, number);
      const candidate = numbered(name, number);
      const candidateKey = fold(candidate);
      if (this.#taken.has(candidateKey)) continue;
      this.#taken.set(candidateKey, -1);
      return candidate;
    }
    return undefined;
  }
}

// deno-lint-ignore no-control-regex -- all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

/**
 * One form for all names that some file system takes for the same. By way of capitals, for some letters
 * have two small ones (σ and ς), or none of their own (ß is SS).
 */
function fold(name: string): string {
  if (ASCII.test(name)) return name.toLowerCase();
  return name.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  const base = dot < 0 ? name : name.slice(0, dot);
  const ending = `.${number}${dot < 0 ? "" : name.slice(dot)}`;
  return base.length * 3 + ending.length * 3 <= MAX_COMPONENT_BYTES
    ? base + ending
    : cutToBytes(base, MAX_COMPONENT_BYTES - byteLength(ending)) + ending;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
