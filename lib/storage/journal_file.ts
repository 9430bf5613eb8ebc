/**
 * The one owner of the journal's file: opened and locked once for the whole run, appended to, never
 * replaced by another file (a lock does not follow a rename).
 *
 * @module
 */
import { errorCode } from "../base/errors.ts";
import { cutToBytes } from "../base/text.ts";
import { MAX_COMPONENT_BYTES } from "../torrent/path.ts";
import {
  encodeHeader,
  encodeRecord,
  HEADER_LENGTH,
  type JournalHeader,
  type JournalRecord,
} from "./journal.ts";
import { storageFailure, toStorageError } from "./storage_error.ts";

/** No journal of ours gets near this, in bytes: a bigger file is not read. */
const MAX_JOURNAL_LENGTH = 256 * 1024 * 1024;

const SUFFIX = ".westorrent";

/** How often the file may vanish between opening and locking it before we give up. */
const MAX_OPEN_TRIES = 10;

const EXCLUSIVE = true;
const SHARED = false;

const NO_LOCKS: ReadonlySet<string> = new Set(["ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);

/** What the journal of a torrent is called: as the torrent, cut where that leaves no room for more. */
export function journalNameOf(name: string): string {
  return cutToBytes(name, MAX_COMPONENT_BYTES - SUFFIX.length) + SUFFIX;
}

/** An open, locked journal. */
export class JournalFile implements Disposable {
  readonly path: string;
  readonly #file: Deno.FsFile;
  /** Where the next record goes, in bytes. */
  #end: number;
  #state: "open" | "removed" | "closed" = "open";

  /** @param file open for reading and appending, and locked; ours from now on */
  constructor(file: Deno.FsFile, path: string) {
    this.path = path;
    this.#file = file;
    this.#end = file.statSync().size;
  }

  /**
   * Opens the journal, empty when there was none, and locks it.
   *
   * @param output what it is the journal of, for people
   * @throws {StorageError} with the code EBUSY when another process has it
   */
  static open(path: string, output: string): JournalFile {
    try {
      for (let tries = 0; tries < MAX_OPEN_TRIES; tries++) {
        const journal = openLocked(path, output);
        if (journal !== undefined) return new JournalFile(journal, path);
      }
    } catch (error) {
      throw toStorageError(error, "open", path);
    }
    throw storageFailure("write", output, "EBUSY");
  }

  /**
   * Opens the journal to be read, if there is one, and locks it against whoever would write.
   *
   * @param output what it is the journal of, for people
   * @throws {StorageError} with the code EBUSY when another process writes it
   */
  static openShared(path: string, output: string): JournalFile | undefined {
    try {
      refuseUnusual(path);
      const file = Deno.openSync(path, { read: true });
      const isFree = lock(file, SHARED);
      if (isFree && file.statSync().size >= HEADER_LENGTH) return new JournalFile(file, path);
      file.close();
      if (isFree) return undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw toStorageError(error, "open", path);
    }
    throw storageFailure("read", output, "EBUSY");
  }

  /** When it was last written, in milliseconds since 1970; 0 where the system does not tell. */
  get modifiedAtMs(): number {
    return this.#file.statSync().mtime?.getTime() ?? 0;
  }

  /** The journal's length in bytes. */
  get end(): number {
    return this.#end;
  }

  /** All its bytes; `undefined` when they are too many to be ours. @throws {StorageError} */
  read(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#end > MAX_JOURNAL_LENGTH) return undefined;
    const bytes = new Uint8Array(this.#end);
    return this.#try("read", () => {
      this.#file.seekSync(0, Deno.SeekMode.Start);
      let done = 0;
      while (done < bytes.length) {
        const count = this.#file.readSync(bytes.subarray(done));
        if (count === null) break;
        done += count;
      }
      return bytes.subarray(0, done);
    });
  }

  /** Starts over, in place: a header and the first records. @throws {StorageError} */
  restart(header: JournalHeader, records: readonly JournalRecord[]): void {
    this.cut(0);
    this.#write(concat([encodeHeader(header), ...records.map(encodeRecord)]));
  }

  /** Drops everything after `end` bytes. @throws {StorageError} */
  cut(end: number): void {
    this.#try("write", () => this.#file.truncateSync(end));
    this.#end = end;
  }

  /** Appends the records in one write. @throws {StorageError} */
  append(records: readonly JournalRecord[]): void {
    const [first] = records;
    if (first === undefined) return;
    this.#write(records.length === 1 ? encodeRecord(first) : concat(records.map(encodeRecord)));
  }

  /** Has the system put the journal onto the disk, off the main thread. @throws {StorageError} */
  async sync(): Promise<void> {
    await this.#file.syncData()
      .catch((error) => Promise.reject(toStorageError(error, "sync", this.path)));
  }

  /** Removes the file, then lets go of the lock. Idempotent. @throws {StorageError} */
  remove(): void {
    if (this.#state !== "open") return;
    this.#try("remove", () => removeIfThere(this.path));
    this.#state = "removed";
  }

  /** Closes the file, which lets go of the lock; one that never got a header is removed. */
  [Symbol.dispose](): void {
    if (this.#state === "closed") return;
    try {
      if (this.#end < HEADER_LENGTH) this.remove();
    } catch {
      // An empty journal left behind says no more than none.
    }
    this.#state = "closed";
    this.#file[Symbol.dispose]();
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length;) {
        done += this.#file.writeSync(bytes.subarray(done));
      }
    } catch (error) {
      this.#undo();
      throw toStorageError(error, "write", this.path);
    }
    this.#end += bytes.length;
  }

  /** A record cut short in the middle would hide all that are appended after it. */
  #undo(): void {
    try {
      this.#file.truncateSync(this.#end);
    } catch {
      // The first error is the one to report; at worst the tail reads as damaged and is hashed.
    }
  }

  #try<T>(action: string, use: () => T): T {
    try {
      return use();
    } catch (error) {
      throw toStorageError(error, action, this.path);
    }
  }
}

/** `undefined` when the file was removed, or replaced, before we had its lock. */
function openLocked(path: string, output: string): Deno.FsFile | undefined {
  refuseUnusual(path);
  const file = Deno.openSync(path, { create: true, read: true, append: true });
  try {
    if (!lock(file, EXCLUSIVE)) throw storageFailure("write", output, "EBUSY");
    if (isStillAt(file, path)) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

function lock(file: Deno.FsFile, mode: typeof EXCLUSIVE | typeof SHARED): boolean {
  try {
    return file.tryLockSync(mode);
  } catch (error) {
    // Some network file systems have no locks: there, nobody can promise to be alone.
    if (NO_LOCKS.has(errorCode(error) ?? "")) return true;
    throw error;
  }
}

/** Deno.open() follows links, and would wait for ever on a pipe. */
function refuseUnusual(path: string): void {
  const info = lstat(path);
  if (info?.isSymlink) throw storageFailure("open", path, "ELOOP");
  if (info?.isDirectory) throw storageFailure("open", path, "EISDIR");
  if (info !== undefined && !info.isFile) throw storageFailure("open", path, "ENXIO");
}

function isStillAt(file: Deno.FsFile, path: string): boolean {
  const now = lstat(path);
  return now !== undefined && now.isFile && now.ino === file.statSync().ino;
}

function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
