/**
 * What lies at a path: the files that a torrent of it would hold.
 *
 * No symbolic link below the path is followed, for neither checking nor downloading does: what is found
 * here is what others get. What a torrent has no place for is left out, and told.
 *
 * @module
 */
import { delay } from "../base/async.ts";
import { errorCode, StorageError } from "../base/errors.ts";
import { storageFailure, toStorageError } from "../storage/storage_error.ts";
import { isPaddingName } from "../torrent/file_entry.ts";
import type { TorrentFile } from "../torrent/metainfo.ts";
import { compareAsBytes } from "./byte_order.ts";
import { LeftOut } from "./left_out.ts";

/** A file as it was found: little of it is kept, for there may be a million of them. */
export class FoundFile implements TorrentFile {
  /** Below the folder, its parts joined by slashes. */
  readonly relative: string;
  readonly lengthBytes: number;
  readonly isPadding = false;
  readonly #modifiedMs: number | undefined;
  readonly #inode: number | null;

  constructor(relative: string, info: Deno.FileInfo) {
    this.relative = relative;
    this.lengthBytes = info.size;
    this.#modifiedMs = info.mtime?.getTime();
    this.#inode = info.ino;
  }

  get path(): readonly string[] {
    return this.relative.split("/");
  }

  /** Whether it is still the same file, and as it was. */
  isAs(info: Deno.FileInfo): boolean {
    return info.isFile && info.size === this.lengthBytes && info.ino === this.#inode &&
      info.mtime?.getTime() === this.#modifiedMs;
  }
}

/** What was found. */
export interface Survey {
  /** The name of the file, or of the folder, at the path. */
  readonly name: string;
  /** Whether the path is that of a folder. */
  readonly isFolder: boolean;
  /** The folder that all paths of files begin at. */
  readonly directory: string;
  /** In the order of their paths as bytes. */
  readonly files: readonly FoundFile[];
  /** What was left out, a line for each kind. */
  readonly remarks: readonly string[];
}

/** How to look. */
export interface SurveyOptions {
  /** A file that is not to be found, where it is among the others: the torrent itself, say. */
  readonly leaveOut?: string | undefined;
  readonly signal: AbortSignal;
}

/** Files looked at before others get their turn. */
const FILES_PER_TURN = 4096;

const SEPARATORS = Deno.build.os === "windows" ? /[\\/]+/ : /[/]+/;

/**
 * Looks at a file, or at a folder and everything in it. The path itself may be a symbolic link.
 *
 * @throws {StorageError} for what cannot be read, and names that are not UTF-8
 */
export async function takeSurvey(path: string, options: SurveyOptions): Promise<Survey> {
  const place = locate(path);
  const info = lookAt(place.path);
  if (info.isFile) return surveyFile(place, info);
  if (!info.isDirectory) throw storageFailure("read", place.path, "ENXIO");
  const visitor = new Visitor(place.path, options);
  await visitor.visit("");
  return {
    name: place.name,
    isFolder: true,
    directory: place.path,
    files: visitor.found.sort((a, b) => compareAsBytes(a.relative, b.relative)),
    remarks: visitor.leftOut.remarks(),
  };
}

/** What the file or folder at a path is called. @throws {StorageError} when nothing is there */
export function nameOf(path: string): string {
  return locate(path).name;
}

/**
 * Looks at every file again.
 *
 * @throws {StorageError} when one is not as it was found
 */
export async function confirmUnchanged(survey: Survey, signal: AbortSignal): Promise<void> {
  for (const [index, file] of survey.files.entries()) {
    const path = `${survey.directory}/${file.relative}`;
    if (!file.isAs(lookAt(path))) throw storageFailure("read", path, "ESTALE");
    if (index % FILES_PER_TURN === FILES_PER_TURN - 1) await delay(0, { signal });
  }
}

interface Place {
  /** No link, and no dots at its end. */
  readonly path: string;
  /** What people call it. */
  readonly name: string;
}

function locate(path: string): Place {
  const info = lookIfThere(path);
  if (info === undefined) {
    throw new StorageError(`Cannot read "${path}": nothing is there`, path, "ENOENT");
  }
  const given = lastPart(path);
  const hasName = given !== "" && given !== "." && given !== "..";
  if (hasName && !info.isSymlink) return { path, name: given };
  try {
    const real = Deno.realPathSync(path);
    return { path: real, name: hasName ? given : lastPart(real) };
  } catch (error) {
    throw toStorageError(error, "read", path);
  }
}

function lastPart(path: string): string {
  return path.split(SEPARATORS).findLast((part) => part !== "") ?? "";
}

function surveyFile({ path, name }: Place, info: Deno.FileInfo): Survey {
  const onDisk = lastPart(path);
  const directory = path.slice(0, path.lastIndexOf(onDisk)) || ".";
  const files = [new FoundFile(onDisk, info)];
  return { name, isFolder: false, directory, files, remarks: [] };
}

/** Walks through a folder. */
class Visitor {
  readonly found: FoundFile[] = [];
  readonly leftOut = new LeftOut();
  readonly #root: string;
  readonly #signal: AbortSignal;
  readonly #unwanted: Deno.FileInfo | undefined;
  #seen = 0;

  constructor(root: string, { leaveOut, signal }: SurveyOptions) {
    this.#root = root;
    this.#signal = signal;
    this.#unwanted = leaveOut === undefined ? undefined : lookIfThere(leaveOut);
  }

  /** @param folder below the root, with a slash at its end, or nothing for the root itself */
  async visit(folder: string): Promise<void> {
    const entries = readFolder(`${this.#root}/${folder}`.replace(/(?<=.)[/]$/, ""));
    if (entries.length === 0 && folder !== "") this.leftOut.add("empty folder", folder);
    for (const { name, isDirectory, isSymlink } of entries) {
      const relative = folder + name;
      if (++this.#seen % FILES_PER_TURN === 0) await delay(0, { signal: this.#signal });
      // By its name, everybody takes it for zeros that are in no file.
      if (isPaddingName(name)) this.leftOut.add("padding file", relative);
      else if (isDirectory) await this.visit(`${relative}/`);
      else if (isSymlink) this.leftOut.add("symbolic link", relative);
      else this.#visitFile(relative);
    }
  }

  #visitFile(relative: string): void {
    const info = lookAt(`${this.#root}/${relative}`);
    if (!info.isFile) return this.leftOut.add("special file", relative);
    if (this.#isUnwanted(info)) return;
    this.found.push(new FoundFile(relative, info));
  }

  #isUnwanted({ dev, ino }: Deno.FileInfo): boolean {
    const unwanted = this.#unwanted;
    return unwanted !== undefined && ino !== null && ino === unwanted.ino && dev === unwanted.dev;
  }
}

function readFolder(path: string): readonly Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)];
  } catch (error) {
    throw toStorageError(error, "read folder", path);
  }
}

/** Where a name has bytes that are not UTF-8, Deno gives it with something else in their place. */
const REPLACEMENT = "\ufffd";

function lookAt(path: string): Deno.FileInfo {
  const info = lookIfThere(path);
  if (info !== undefined) return info;
  throw storageFailure("read", path, path.includes(REPLACEMENT) ? "EILSEQ" : "ENOENT");
}

function lookIfThere(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || error instanceof Deno.errors.NotFound) return undefined;
    throw toStorageError(error, "read", path);
  }
}
