/**
 * The files of a torrent as one run of bytes, and which of them have not reached the disk yet.
 *
 * @module
 */
import type { Files } from "./files.ts";
import type { TorrentBytes } from "./piece_keeper.ts";
import { forEachSpan } from "./run.ts";
import { storageFailure } from "./storage_error.ts";
import type { TorrentLayout } from "./stored_torrent.ts";

/** Files put onto the disk at once by sync(). */
const MAX_SYNCS = 8;

/** Borrows the files. Reading and writing block. */
export class TorrentFiles implements TorrentBytes {
  readonly #torrent: TorrentLayout;
  readonly #files: Files;
  /** Files with bytes that may not have reached the disk. */
  #dirty = new Set<number>();

  constructor(torrent: TorrentLayout, files: Files) {
    this.#torrent = torrent;
    this.#files = files;
  }

  write(offset: number, bytes: Uint8Array): void {
    forEachSpan(this.#torrent.geometry, { offset, bytes }, (span, part) => {
      if (span.isPadding) return;
      this.#dirty.add(span.fileIndex);
      this.#files.write(span.fileIndex, span.fileOffset, part);
    });
  }

  read(offset: number, into: Uint8Array): void {
    forEachSpan(this.#torrent.geometry, { offset, bytes: into }, (span, part) => {
      if (span.isPadding) return part.fill(0);
      const count = this.#files.read(span.fileIndex, span.fileOffset, part);
      if (count === part.length) return;
      throw storageFailure("read", this.#files.pathOf(span.fileIndex), "ENODATA");
    });
  }

  /** Somebody else has written the piece: whether it has reached the disk is not known. */
  soil(pieceIndex: number): void {
    const { geometry } = this.#torrent;
    const offset = geometry.pieceOffset(pieceIndex);
    for (const span of geometry.spans(offset, geometry.pieceLength(pieceIndex))) {
      if (!span.isPadding) this.#dirty.add(span.fileIndex);
    }
  }

  /** Has the system put everything onto the disk; one call at a time. @throws {StorageError} */
  async sync(): Promise<void> {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    try {
      await this.#syncFiles(dirty);
    } catch (error) {
      this.#dirty = this.#dirty.union(dirty);
      throw error;
    }
  }

  async #syncFiles(fileIndices: ReadonlySet<number>): Promise<void> {
    const queue = fileIndices.values();
    const work = async (_: unknown, worker: number) => {
      // The first one goes on to the end; others leave when descriptors turn out to be scarce.
      while (worker < this.#files.maxBusy) {
        const { done, value: fileIndex } = queue.next();
        if (done) return;
        await this.#files.sync(fileIndex);
      }
    };
    await Promise.all(Array.from({ length: Math.min(MAX_SYNCS, fileIndices.size) }, work));
  }
}
