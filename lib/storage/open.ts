/**
 * The front door to storage on disk.
 *
 * @module
 */
import { DiskStore, type DiskStoreOptions } from "./disk_store.ts";
import type { FilesOptions } from "./files.ts";
import type { Store } from "./store.ts";
import { loadPlatformSha1 } from "../torrent/sha1.ts";
import type { StoredTorrent } from "./stored_torrent.ts";
import { canStartThreads } from "./thread/disk_thread.ts";

/** How to open a store on disk. */
export interface OpenDiskStoreOptions extends DiskStoreOptions, FilesOptions {
  /** The memory that runs may be put from without being copied (Store.memory), in bytes. @default none */
  readonly memoryBytes?: number;
}

/** A torrent of no more bytes is stored before a thread has started, or the platform's SHA-1 is loaded. */
const SHORT_LENGTH = 4 * 1024 * 1024;

/**
 * Opens the place of a torrent on disk and locks it; check() comes next. Files are written and hashed in
 * a thread of their own, where that is worth its start and there can be one.
 *
 * @throws {StorageError} with the code EBUSY when another process has it; when it cannot be written
 */
export async function openDiskStore(
  torrent: StoredTorrent,
  options: OpenDiskStoreOptions,
): Promise<Store> {
  const { directory } = options;
  if (torrent.geometry.totalLength > SHORT_LENGTH && canStartThreads()) {
    const { ThreadedDisk } = await import("./thread/threaded_disk.ts");
    return new DiskStore(torrent, () => new ThreadedDisk(torrent, options), options);
  }
  const { LocalDisk } = await import("./local_disk.ts");
  if (torrent.geometry.totalLength > SHORT_LENGTH) await loadPlatformSha1();
  return new DiskStore(torrent, () => new LocalDisk(torrent, directory, options), options);
}
