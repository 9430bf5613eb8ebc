/**
 * What hashes the files below a folder: threads, where they can be had and there is enough to do.
 *
 * @module
 */
import type { Hasher, HashMaker } from "./hashing.ts";
import { loadPlatformSha1 } from "../torrent/sha1.ts";
import type { TorrentLayout } from "./stored_torrent.ts";
import { canStartThreads } from "./thread/disk_thread.ts";
import { HashPool, threadsFor } from "./thread/hash_pool.ts";

/** So much is hashed, in bytes, before a thread has started. */
const WORTH_A_THREAD = 16 * 1024 * 1024;

/** So much is hashed, in bytes, before the platform's SHA-1 is loaded. */
const WORTH_LOADING = 4 * 1024 * 1024;

/** Where the files are, and how much there is to hash. */
export interface HashingSite {
  /** The folder below which the files lie. */
  readonly directory: string;
  /** In bytes: it decides on the number of threads. */
  readonly lengthBytes: number;
}

/** The caller owns it. @throws what keeps threads from starting */
export async function openHasher(
  torrent: TorrentLayout,
  { directory, lengthBytes }: HashingSite,
): Promise<Hasher & HashMaker & AsyncDisposable> {
  if (lengthBytes >= WORTH_A_THREAD && canStartThreads()) {
    return await HashPool.start({ torrent, directory }, threadsFor(lengthBytes));
  }
  const { LocalDisk } = await import("./local_disk.ts");
  if (lengthBytes > WORTH_LOADING) await loadPlatformSha1();
  return new LocalDisk(torrent, directory);
}
