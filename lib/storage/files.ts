/**
 * The files of a torrent, a bounded number of them open, read and written by position.
 *
 * A file is opened for reading alone until it is first written, so that checking needs no permission to
 * write. The least recently used descriptor is closed for the next. An asynchronous call has its
 * descriptor for itself: whoever else needs the file meanwhile opens another.
 *
 * @module
 */
import { isDescriptorShortage } from "../base/errors.ts";
import type { TorrentFile } from "../torrent/metainfo.ts";
import { closeQuietly, openOrMake, openThere, readWhole, writeWhole } from "./descriptor.ts";
import type { Folders } from "./folders.ts";
import { SpareDescriptor } from "./spare_descriptor.ts";
import { storageFailure, toStorageError } from "./storage_error.ts";

/** How many files stay open unless told otherwise. */
export const DEFAULT_MAX_OPEN_FILES = 32;

/** How Files behaves; all optional. */
export interface FilesOptions {
  /** Descriptors kept open at once, at least 1; one more is held in reserve. */
  readonly maxOpenFiles?: number;
  /** Called when the process has no descriptor left and none is ours to close: true means try again. */
  readonly onDescriptorShortage?: () => boolean;
}

type Access = "read" | "write";

interface OpenFile {
  readonly file: Deno.FsFile;
  readonly fileIndex: number;
  readonly path: string;
  /** One that can write can read, too. */
  readonly access: Access;
  /** Whether an asynchronous call uses it. */
  isBusy: boolean;
}

/** Owns the descriptors of all files of one torrent. */
export class Files implements AsyncDisposable {
  readonly #files: readonly TorrentFile[];
  readonly #folders: Folders;
  readonly #onDescriptorShortage: () => boolean;
  #maxOpen: number;
  /** The least recently used first. */
  readonly #open = new Set<OpenFile>();
  /** Files that have their length: extended once, at the first write. */
  readonly #extended: Uint8Array;
  readonly #spare = new SpareDescriptor();
  #isClosed = false;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(files: readonly TorrentFile[], folders: Folders, options: FilesOptions = {}) {
    this.#files = files;
    this.#folders = folders;
    this.#maxOpen = Math.max(1, options.maxOpenFiles ?? DEFAULT_MAX_OPEN_FILES);
    this.#onDescriptorShortage = options.onDescriptorShortage ?? (() => false);
    this.#extended = new Uint8Array(files.length);
  }

  /** How many descriptors are open. */
  get openCount(): number {
    return this.#open.size;
  }

  /** How many may be in use by asynchronous calls at once, so that others can be closed for the next. */
  get maxBusy(): number {
    return Math.max(1, Math.floor(this.#maxOpen / 2));
  }

  /** Where the file lies, for people. */
  pathOf(fileIndex: number): string {
    return this.#folders.resolve(this.#components(fileIndex));
  }

  /**
   * Writes all of `bytes`. The file is made and extended to its length, sparse, by its first write.
   *
   * @throws {StorageError}
   */
  write(fileIndex: number, fileOffset: number, bytes: Uint8Array): void {
    const { file, path } = this.#acquire(fileIndex, "write");
    try {
      writeWhole(file, bytes, fileOffset);
    } catch (error) {
      throw toStorageError(error, "write", path);
    }
  }

  /** Makes the file, with its folders, empty or as long as it is; its length is left alone. @throws {StorageError} */
  create(fileIndex: number): void {
    this.#acquire(fileIndex, "write");
  }

  /** Drops everything in the file. @throws {StorageError} */
  truncate(fileIndex: number): void {
    const { file, path } = this.#acquire(fileIndex, "write");
    try {
      file.truncateSync(0);
      this.#extend(file, fileIndex);
    } catch (error) {
      throw toStorageError(error, "truncate", path);
    }
  }

  /** Reads until `into` is full or the file ends; returns how many bytes. @throws {StorageError} */
  read(fileIndex: number, fileOffset: number, into: Uint8Array): number {
    const { file, path } = this.#acquire(fileIndex, "read");
    try {
      return readWhole(file, into, fileOffset);
    } catch (error) {
      throw toStorageError(error, "read", path);
    }
  }

  /** Fills all of `into`, not shared memory, off the main thread. @throws {StorageError} */
  async fillLater(fileIndex: number, fileOffset: number, into: Uint8Array): Promise<void> {
    const open = this.#takeAlone(fileIndex, "read");
    try {
      // In here, and not in functions of its own: for each that waits, memory is held for as long.
      open.file.seekSync(fileOffset, Deno.SeekMode.Start);
      let done = 0;
      while (done < into.length) {
        const count = await open.file.read(done === 0 ? into : into.subarray(done));
        if (count === null) throw storageFailure("read", open.path, "ENODATA");
        done += count;
      }
    } catch (error) {
      throw toStorageError(error, "read", open.path);
    } finally {
      this.#giveBack(open);
    }
  }

  /** Has the system put the file's bytes onto the disk, off the main thread. @throws {StorageError} */
  async sync(fileIndex: number): Promise<void> {
    const open = this.#takeAlone(fileIndex, "write");
    try {
      await open.file.syncData();
    } catch (error) {
      throw toStorageError(error, "sync", open.path);
    } finally {
      this.#giveBack(open);
    }
  }

  /** Closes everything, after the calls that are under way. Never throws; idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#spare[Symbol.dispose]();
    while (this.#releaseLeastRecent());
    if (this.#open.size === 0) return;
    this.#drained ??= Promise.withResolvers();
    await this.#drained.promise;
  }

  /** A descriptor for an asynchronous call, until it is given back. */
  #takeAlone(fileIndex: number, access: Access): OpenFile {
    const open = this.#acquire(fileIndex, access);
    open.isBusy = true;
    return open;
  }

  #giveBack(open: OpenFile): void {
    open.isBusy = false;
    const most = this.#isClosed ? 0 : this.#maxOpen;
    while (this.#open.size > most && this.#releaseLeastRecent());
    if (!this.#isClosed) this.#spare.hold(open.path);
    else if (this.#open.size === 0) this.#drained?.resolve();
  }

  #acquire(fileIndex: number, access: Access): OpenFile {
    if (this.#isClosed) throw storageFailure(access, this.pathOf(fileIndex), "EBADF");
    const open = this.#find(fileIndex, access) ?? this.#openNew(fileIndex, access);
    // The end of the set is the most recently used.
    this.#open.delete(open);
    this.#open.add(open);
    return open;
  }

  #find(fileIndex: number, access: Access): OpenFile | undefined {
    for (const open of this.#open) {
      if (open.fileIndex !== fileIndex || open.isBusy) continue;
      if (open.access === access || access === "read") return open;
    }
    return undefined;
  }

  #openNew(fileIndex: number, access: Access): OpenFile {
    while (this.#open.size >= this.#maxOpen && this.#releaseLeastRecent());
    const path = this.pathOf(fileIndex);
    try {
      const file = access === "read"
        ? this.#retrying(() => openThere(path, "read"))
        : this.#openWriter(path, fileIndex);
      this.#spare.hold(path);
      return { file, fileIndex, path, access, isBusy: false };
    } catch (error) {
      throw toStorageError(error, access, path);
    }
  }

  #openWriter(path: string, fileIndex: number): Deno.FsFile {
    const reader = this.#find(fileIndex, "read");
    if (reader !== undefined) this.#release(reader);
    const components = this.#components(fileIndex);
    this.#folders.confirm(components);
    // Made once only: a file that vanishes later is an error, not a new one full of holes.
    if (this.#extended[fileIndex] === 1) return this.#retrying(() => openThere(path, "write"));
    this.#folders.make(components);
    const file = this.#retrying(() => openOrMake(path));
    try {
      this.#extend(file, fileIndex);
    } catch (error) {
      closeQuietly(file);
      throw error;
    }
    return file;
  }

  #retrying(open: () => Deno.FsFile): Deno.FsFile {
    for (;;) {
      try {
        return open();
      } catch (error) {
        if (!isDescriptorShortage(error) || !this.#makeRoom()) throw error;
      }
    }
  }

  /** Another part of the process may need descriptors more: what failed once is our limit from now on. */
  #makeRoom(): boolean {
    const openBefore = this.#open.size;
    if (this.#releaseLeastRecent()) this.#lowerLimit(openBefore);
    else if (this.#spare.giveUp()) {
      this.#lowerLimit(openBefore - 1);
      // So that there will be one to hold in reserve again.
      this.#onDescriptorShortage();
    } else return this.#onDescriptorShortage();
    return true;
  }

  #lowerLimit(maxOpen: number): void {
    this.#maxOpen = Math.min(this.#maxOpen, Math.max(1, maxOpen));
  }

  /** A shorter file is extended, sparse; a longer one is somebody's and stays as it is. */
  #extend(file: Deno.FsFile, fileIndex: number): void {
    const lengthBytes = this.#files[fileIndex]?.lengthBytes ?? 0;
    if (file.statSync().size < lengthBytes) file.truncateSync(lengthBytes);
    this.#extended[fileIndex] = 1;
  }

  /** False when every open file is busy. */
  #releaseLeastRecent(): boolean {
    for (const open of this.#open) {
      if (open.isBusy) continue;
      this.#release(open);
      return true;
    }
    return false;
  }

  #release(open: OpenFile): void {
    this.#open.delete(open);
    closeQuietly(open.file);
  }

  #components(fileIndex: number): readonly string[] {
    const file = this.#files[fileIndex];
    if (file === undefined) throw new RangeError(`Cannot open file ${fileIndex}: no such file`);
    return file.path;
  }
}
