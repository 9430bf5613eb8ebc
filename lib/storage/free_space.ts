/**
 * How much room is left on the disk.
 *
 * @module
 */
import fs from "node:fs";

/** The bytes that are free below a folder; undefined where the system does not tell. */
export function readFreeBytes(directory: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    fs.statfs(directory, (error, stats) => {
      // No blocks at all is what file systems without a size say.
      if (error !== null || stats.blocks === 0) resolve(undefined);
      else resolve(stats.bavail * stats.bsize);
    });
  });
}
