/**
 * Names that would overwrite each other, made different.
 *
 * @module
 */

/** What decides whether two files may have one name. */
export interface NamedFile {
  /** Safe components; the first is the torrent's name. */
  readonly path: readonly string[];
  readonly lengthBytes: number;
  readonly isPadding: boolean;
}

/** The longest component that file systems allow, in bytes. */
const MAX_COMPONENT_BYTES = 255;

/**
 * The path of each file, changed where it is that of a folder or of an earlier file, on a system that
 * ignores case too: `.1`, `.2`, ... is put before the extension. Padding of one length may share a name.
 */
export function separatePaths(files: readonly NamedFile[]): readonly (readonly string[])[] {
  const namer = new Namer();
  const folders = files.map((file) => namer.addFolders(file.path));
  return files.map((file, index) => namer.place(file, folders[index] ?? ""));
}

class Namer {
  /** Every path taken, folded; for padding, its length, for all else -1. */
  readonly #taken = new Map<string, number>();
  /** The last number tried for a path, so that a thousand equal names cost a thousand steps. */
  readonly #lastNumber = new Map<string, number>();
  /** Folded folders, with a slash at the end, by their path as it is. */
  readonly #folders = new Map<string, string>();

  /** Takes the names of the folders of a path; returns the folded one that its file is in, with a slash. */
  addFolders(path: readonly string[]): string {
    const folder = path.slice(0, -1).join("/");
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    const folded = folder === "" ? "" : `${fold(folder)}/`;
    this.#folders.set(folder, folded);
    if (folder === "") return folded;
    this.#taken.set(folded.slice(0, -1), -1);
    this.addFolders(path.slice(0, -1));
    return folded;
  }

  place(file: NamedFile, folder: string): readonly string[] {
    const name = file.path.at(-1) ?? "";
    const key = folder + fold(name);
    const holder = this.#taken.get(key);
    if (holder === undefined) {
      this.#taken.set(key, file.isPadding ? file.lengthBytes : -1);
      return file.path;
    }
    if (file.isPadding && holder === file.lengthBytes) return file.path;
    return [...file.path.slice(0, -1), this.#rename(name, folder, key)];
  }

  #rename(name: string, folder: string, key: string): string {
    for (let number = (this.#lastNumber.get(key) ?? 0) + 1;; number++) {
      const candidate = numbered(name, number);
      const candidateKey = folder + fold(candidate);
      if (this.#taken.has(candidateKey)) continue;
      this.#taken.set(candidateKey, -1);
      this.#lastNumber.set(key, number);
      return candidate;
    }
  }
}

// deno-lint-ignore no-control-regex -- all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

/** One form for all names that some file system takes for the same. */
function fold(path: string): string {
  return ASCII.test(path) ? path.toLowerCase() : path.normalize("NFC").toLowerCase();
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

/** The start of a text that takes at most so many bytes of UTF-8, with no character split. */
function cutToBytes(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(Math.max(0, maxBytes)));
  return text.slice(0, read);
}
