/**
 * The folders that a torrent's files lie in: made one by one, and never a symbolic link, so that no
 * byte lands outside the output folder. The output folder itself may be a link.
 *
 * @module
 */
import { errorCode } from "../base/errors.ts";
import { storageFailure, toStorageError } from "./storage_error.ts";

/** What stands at a path: facts of a regular file, or nothing. */
export type Entry =
  | { readonly kind: "missing" }
  | {
    readonly kind: "file";
    readonly sizeBytes: number;
    /** What the file takes on the disk, in bytes; `undefined` where the system does not tell. */
    readonly allocatedBytes: number | undefined;
    /** When it was last written, in milliseconds since 1970; Infinity where the system does not tell. */
    readonly modifiedAtMs: number;
  };

const MISSING: Entry = Object.freeze({ kind: "missing" });

/** How many known folders are remembered: more are looked at again. */
const MAX_KNOWN = 100_000;

/** Blocks of st_blocks are 512 bytes, whatever the file system's own are. */
const STAT_BLOCK_LENGTH = 512;

/** Looks at and makes what is below one output folder. */
export class Folders {
  readonly #directory: string;
  readonly #known = new Map<string, "real" | "missing">();

  /** @param directory the output folder; may be a symbolic link */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Where the file of these safe components lies. */
  resolve(components: readonly string[]): string {
    return joinPath(this.#directory, components);
  }

  /**
   * What stands at the file's path.
   *
   * @throws {StorageError} when it, or a folder on the way, is a symbolic link or of another kind
   */
  look(components: readonly string[]): Entry {
    for (let depth = 1; depth < components.length; depth++) {
      if (!this.#isThere(components.slice(0, depth))) return MISSING;
    }
    const path = this.resolve(components);
    const info = lstat(path);
    if (info === undefined) return MISSING;
    if (info.isSymlink) throw storageFailure("use", path, "ELOOP");
    // Not only folders: opening a pipe would wait for ever.
    if (!info.isFile) throw storageFailure("use", path, info.isDirectory ? "EISDIR" : "ENXIO");
    return {
      kind: "file",
      sizeBytes: info.size,
      allocatedBytes: allocatedBytes(info),
      modifiedAtMs: modifiedAtMs(info),
    };
  }

  /**
   * Makes the folders that the file of these components lies in, those that are missing.
   *
   * @throws {StorageError} when one is a symbolic link, a file, or cannot be made
   */
  make(components: readonly string[]): void {
    for (let depth = 1; depth < components.length; depth++) {
      const folder = components.slice(0, depth);
      if (!this.#isThere(folder)) this.#makeOne(folder);
    }
  }

  /**
   * Looks again at the folders that a file about to be written lies in: somebody may have put a link in
   * the place of one.
   *
   * @throws {StorageError} when one is a symbolic link or a file
   */
  confirm(components: readonly string[]): void {
    for (let depth = 1; depth < components.length; depth++) {
      if (!isFolder(this.resolve(components.slice(0, depth)))) return;
    }
  }

  #makeOne(folder: readonly string[]): void {
    const path = this.resolve(folder);
    this.#known.delete(path);
    // Somebody may have made it since we looked: then it is judged anew.
    if (this.#isThere(folder)) return;
    try {
      Deno.mkdirSync(path);
    } catch (error) {
      throw toStorageError(error, "make folder", path);
    }
    this.#know(path, "real");
  }

  #isThere(folder: readonly string[]): boolean {
    const path = this.resolve(folder);
    const known = this.#known.get(path);
    if (known !== undefined) return known === "real";
    const isThere = isFolder(path);
    this.#know(path, isThere ? "real" : "missing");
    return isThere;
  }

  #know(path: string, state: "real" | "missing"): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(path, state);
  }
}

/** The path of something below a folder; every system takes slashes. */
function joinPath(directory: string, components: readonly string[]): string {
  if (directory === "." || directory === "") return components.join("/");
  return [directory.replace(/(?<=.)[/]+$/, ""), ...components].join("/").replace(/^[/]{2}/, "/");
}

/** False when nothing is there. @throws {StorageError} for a symbolic link, or a file */
function isFolder(path: string): boolean {
  const info = lstat(path);
  if (info?.isSymlink) throw storageFailure("use folder", path, "ELOOP");
  if (info !== undefined && !info.isDirectory) throw storageFailure("use folder", path, "ENOTDIR");
  return info !== undefined;
}

function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || error instanceof Deno.errors.NotFound) return undefined;
    throw toStorageError(error, "use", path);
  }
}

/** A copy that keeps its times may be older than what it replaced: the system's own record may not. */
function modifiedAtMs({ mtime, ctime }: Deno.FileInfo): number {
  return Math.max(mtime?.getTime() ?? Infinity, ctime?.getTime() ?? 0);
}

function allocatedBytes(info: Deno.FileInfo): number | undefined {
  if (Deno.build.os === "windows" || info.blocks === null) return undefined;
  return info.blocks * STAT_BLOCK_LENGTH;
}
