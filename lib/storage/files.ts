/**
 * The files of a torrent, a bounded number of them open, read and written by position.
 *
 * Each file has at most two descriptors: one that can write, made when it is first written, and one
 * that only reads, so that checking needs no permission to write. The least recently used is closed
 * for the next; one that an asynchronous call still uses is pinned and closed after it.
 *
 * @module
 */
import fs from "node:fs";
import { isDescriptorShortage } from "../base/errors.ts";
import type { TorrentFile } from "../torrent/metainfo.ts";
import {
  closeQuietly,
  openNoFollow,
  readWhole,
  readWholeLater,
  syncData,
  writeWhole,
} from "./descriptor.ts";
import type { Folders } from "./folders.ts";
import { SpareDescriptor } from "./spare_descriptor.ts";
import { storageFailure, toStorageError } from "./storage_error.ts";

/** How many files stay open unless told otherwise. */
export const DEFAULT_MAX_OPEN_FILES = 32;

const { O_RDONLY, O_RDWR, O_CREAT } = fs.constants;

/** How Files behaves; all optional. */
export interface FilesOptions {
  /** Descriptors kept open at once, at least 1; one more is held in reserve. */
  readonly maxOpenFiles?: number;
  /** Called when the process has no descriptor left and none is ours to close: true means try again. */
  readonly onDescriptorShortage?: () => boolean;
}

interface OpenFile {
  readonly fd: number;
  readonly path: string;
  /** How many asynchronous calls use it now. */
  pins: number;
}

type Access = "read" | "write";

/** Owns the descriptors of all files of one torrent. */
export class Files implements AsyncDisposable {
  readonly #files: readonly TorrentFile[];
  readonly #folders: Folders;
  readonly #onDescriptorShortage: () => boolean;
  #maxOpen: number;
  /** By file index, writers as they are and readers as `~index`; the least recently used first. */
  readonly #open = new Map<number, OpenFile>();
  /** No longer in #open, but still pinned. */
  readonly #leaving = new Set<OpenFile>();
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
    return this.#open.size + this.#leaving.size;
  }

  /** How many may be in use by asynchronous calls at once, so that others can be closed for the next. */
  get maxPins(): number {
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
    const file = this.#acquire(fileIndex, "write");
    try {
      writeWhole(file.fd, bytes, fileOffset);
    } catch (error) {
      throw toStorageError(error, "write", file.path);
    }
  }

  /** Makes the file, with its folders, empty or as long as it is; its length is left alone. @throws {StorageError} */
  create(fileIndex: number): void {
    this.#acquire(fileIndex, "write");
  }

  /** Drops everything in the file. @throws {StorageError} */
  truncate(fileIndex: number): void {
    const file = this.#acquire(fileIndex, "write");
    try {
      fs.ftruncateSync(file.fd, 0);
      this.#extend(file.fd, fileIndex);
    } catch (error) {
      throw toStorageError(error, "truncate", file.path);
    }
  }

  /** Reads until `into` is full or the file ends; returns how many bytes. @throws {StorageError} */
  read(fileIndex: number, fileOffset: number, into: Uint8Array): number {
    const file = this.#acquire(fileIndex, "read");
    try {
      return readWhole(file.fd, into, fileOffset);
    } catch (error) {
      throw toStorageError(error, "read", file.path);
    }
  }

  /** The same, off the main thread; `into` is not shared memory. @throws {StorageError} */
  readLater(fileIndex: number, fileOffset: number, into: Uint8Array): Promise<number> {
    return this.#pinned(fileIndex, "read", (file) =>
      readWholeLater(file.fd, into, fileOffset)
        .catch((error) => Promise.reject(toStorageError(error, "read", file.path))));
  }

  /** Has the system put the file's bytes onto the disk, off the main thread. @throws {StorageError} */
  sync(fileIndex: number): Promise<void> {
    return this.#pinned(fileIndex, "write", (file) =>
      syncData(file.fd)
        .catch((error) => Promise.reject(toStorageError(error, "sync", file.path))));
  }

  /** Closes everything, after the calls that are under way. Never throws; idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#spare[Symbol.dispose]();
    for (const key of [...this.#open.keys()]) this.#release(key);
    if (this.#leaving.size === 0) return;
    this.#drained ??= Promise.withResolvers();
    await this.#drained.promise;
  }

  async #pinned<T>(fileIndex: number, access: Access, use: (file: OpenFile) => Promise<T>) {
    const file = this.#acquire(fileIndex, access);
    file.pins++;
    try {
      return await use(file);
    } finally {
      file.pins--;
      if (file.pins === 0 && this.#leaving.delete(file)) closeQuietly(file.fd);
      while (this.#open.size > this.#maxOpen && this.#releaseLeastRecent());
      if (!this.#isClosed) this.#spare.hold(file.path);
      if (this.#leaving.size === 0) this.#drained?.resolve();
    }
  }

  #acquire(fileIndex: number, access: Access): OpenFile {
    if (this.#isClosed) throw storageFailure(access, this.pathOf(fileIndex), "EBADF");
    const key = access === "write" || this.#open.has(fileIndex) ? fileIndex : ~fileIndex;
    const file = this.#open.get(key) ?? this.#openNew(fileIndex, access);
    // The end of the map is the most recently used.
    this.#open.delete(key);
    this.#open.set(key, file);
    return file;
  }

  #openNew(fileIndex: number, access: Access): OpenFile {
    while (this.#open.size >= this.#maxOpen && this.#releaseLeastRecent());
    const path = this.pathOf(fileIndex);
    try {
      const fd = access === "read"
        ? this.#openRetrying(path, O_RDONLY)
        : this.#openWriter(path, fileIndex);
      this.#spare.hold(path);
      return { fd, path, pins: 0 };
    } catch (error) {
      throw toStorageError(error, access, path);
    }
  }

  #openWriter(path: string, fileIndex: number): number {
    this.#release(~fileIndex);
    // Made once only: a file that vanishes later is an error, not a new one full of holes.
    if (this.#extended[fileIndex] === 1) return this.#openRetrying(path, O_RDWR);
    this.#folders.make(this.#components(fileIndex));
    const fd = this.#openRetrying(path, O_RDWR | O_CREAT);
    try {
      this.#extend(fd, fileIndex);
    } catch (error) {
      closeQuietly(fd);
      throw error;
    }
    return fd;
  }

  #openRetrying(path: string, flags: number): number {
    for (;;) {
      try {
        return openNoFollow(path, flags);
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
  #extend(fd: number, fileIndex: number): void {
    const lengthBytes = this.#files[fileIndex]?.lengthBytes ?? 0;
    if (fs.fstatSync(fd).size < lengthBytes) fs.ftruncateSync(fd, lengthBytes);
    this.#extended[fileIndex] = 1;
  }

  /** False when every open file is pinned. */
  #releaseLeastRecent(): boolean {
    for (const [key, file] of this.#open) {
      if (file.pins > 0) continue;
      this.#release(key);
      return true;
    }
    return false;
  }

  #release(key: number): void {
    const file = this.#open.get(key);
    if (file === undefined) return;
    this.#open.delete(key);
    if (file.pins > 0) this.#leaving.add(file);
    else closeQuietly(file.fd);
  }

  #components(fileIndex: number): readonly string[] {
    const file = this.#files[fileIndex];
    if (file === undefined) throw new RangeError(`Cannot open file ${fileIndex}: no such file`);
    return file.path;
  }
}
