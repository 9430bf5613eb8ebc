/**
 * How much room is left on the disk.
 *
 * @module
 */

/** The bytes that are free below a folder; undefined where that cannot be known without asking for permission. */
export async function readFreeBytes(directory: string): Promise<number | undefined> {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "statfs" });
  if (state !== "granted") return undefined;
  const { statfs } = await import("node:fs/promises");
  try {
    const { blocks, bavail, bsize } = await statfs(directory);
    // No blocks at all is what file systems without a size say.
    return blocks === 0 ? undefined : bavail * bsize;
  } catch {
    return undefined;
  }
}
