/**
 * How much room is left on the disk.
 *
 * @module
 */

/** The bytes that are free below a folder; undefined where the system does not tell. */
export async function readFreeBytes(directory: string): Promise<number | undefined> {
  const { statfs } = await import("node:fs/promises");
  try {
    const { blocks, bavail, bsize } = await statfs(directory);
    // No blocks at all is what file systems without a size say.
    return blocks === 0 ? undefined : bavail * bsize;
  } catch {
    return undefined;
  }
}
