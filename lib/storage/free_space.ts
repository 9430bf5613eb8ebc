/**
 * Whether what is still to come has room on the disk.
 *
 * @module
 */
import fs from "node:fs";
import { StorageError } from "../base/errors.ts";

/**
 * Refuses to begin what cannot end. A system that does not tell its free space is believed to have it.
 *
 * @param neededBytes still to be allocated in `directory`
 * @throws {StorageError} with the code ENOSPC, naming both numbers
 */
export async function ensureFreeSpace(directory: string, neededBytes: number): Promise<void> {
  if (neededBytes === 0) return;
  const freeBytes = await readFreeBytes(directory);
  if (freeBytes === undefined || neededBytes <= freeBytes) return;
  const detail = `${megabytes(neededBytes)} are needed, ${megabytes(freeBytes)} are free`;
  throw new StorageError(
    `Cannot write to "${directory}": no space is left on the disk, ${detail} (ENOSPC)`,
    directory,
    "ENOSPC",
  );
}

function readFreeBytes(directory: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    fs.statfs(directory, (error, stats) => {
      // No blocks at all is what file systems without a size say.
      if (error !== null || stats.blocks === 0) resolve(undefined);
      else resolve(stats.bavail * stats.bsize);
    });
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
