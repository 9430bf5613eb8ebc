/**
 * The torrent's bytes, read without making anybody wait for the disk: in threads that the system has
 * for that, many reads at a time.
 *
 * @module
 */
import type { FileSpan } from "../torrent/geometry.ts";
import { Files, type FilesOptions } from "./files.ts";
import { Folders } from "./folders.ts";
import { checkInside } from "./run.ts";
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
  read(offset: number, into: Uint8Array): Promise<void> {
    const spans = [...this.#torrent.geometry.spans(offset, into.length)];
    const [first] = spans;
    // Mostly all of it lies in one file, and nothing else is waited for.
    if (first?.lengthBytes === into.length) return this.#fill(first, into);
    return this.#fillAll(spans, offset, into);
  }

  async #fillAll(spans: readonly FileSpan[], offset: number, into: Uint8Array): Promise<void> {
    checkInside(this.#torrent.geometry, offset, into.length);
    let at = 0;
    for (const span of spans) {
      await this.#fill(span, into.subarray(at, at + span.lengthBytes));
      at += span.lengthBytes;
    }
  }

  #fill({ fileIndex, fileOffset, isPadding }: FileSpan, into: Uint8Array): Promise<void> {
    if (!isPadding) return this.#files.fillLater(fileIndex, fileOffset, into);
    into.fill(0);
    return Promise.resolve();
  }

  /** Closes everything, after the reads that are under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]();
  }
}
