/**
 * The torrent's bytes, read without making anybody wait for the disk: in threads that the system has
 * for that, many reads at a time.
 *
 * @module
 */
import { Files, type FilesOptions } from "./files.ts";
import { Folders } from "./folders.ts";
import { checkInside } from "./run.ts";
import { storageFailure } from "./storage_error.ts";
import type { TorrentLayout } from "./stored_torrent.ts";

/** Owns the descriptors that it reads from. */
export class TorrentReader implements AsyncDisposable {
  readonly #torrent: TorrentLayout;
  readonly #files: Files;

  /** Opens nothing yet. @param directory the folder that the torrent lies in */
  constructor(torrent: TorrentLayout, directory: string, options: FilesOptions = {}) {
    this.#torrent = torrent;
    this.#files = new Files(torrent.files, new Folders(directory), options);
  }

  /** See Store.read(). @throws {StorageError} */
  async read(offset: number, into: Uint8Array): Promise<void> {
    const { geometry } = this.#torrent;
    checkInside(geometry, offset, into.length);
    let at = 0;
    for (const span of geometry.spans(offset, into.length)) {
      const { fileIndex, fileOffset, lengthBytes, isPadding } = span;
      const part = lengthBytes === into.length ? into : into.subarray(at, at + lengthBytes);
      at += lengthBytes;
      if (isPadding) part.fill(0);
      else if (await this.#files.readLater(fileIndex, fileOffset, part) < part.length) {
        throw storageFailure("read", this.#files.pathOf(fileIndex), "ENODATA");
      }
    }
  }

  /** Closes everything, after the reads that are under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]();
  }
}
