/**
 * A file that the user asked for: never half of it, and never over another one unasked.
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import { printable } from "../base/text.ts";
import { storageFailure, toStorageError } from "../storage/storage_error.ts";

/** Where the file goes. */
export interface NewFile {
  readonly path: string;
  /** Whether it may replace another. */
  readonly overwrite: boolean;
}

/** Finds out what would stop writeNewFile(), before there is anything to write. @throws {StorageError} */
export async function checkNewFile({ path, overwrite }: NewFile): Promise<void> {
  const info = await lookAt(path);
  if (info?.isDirectory) throw storageFailure("write", path, "EISDIR");
  if (info !== undefined && !overwrite) throw exists(path);
  const folder = path.replace(/[^/\\]*$/, "") || ".";
  if (info === undefined && await lookAt(folder) === undefined) {
    throw failure(path, "its folder is not there", "ENOENT");
  }
}

/** Writes all of it, or leaves everything as it was. @throws {StorageError} */
export async function writeNewFile(
  { path, overwrite }: NewFile,
  bytes: Uint8Array,
): Promise<void> {
  const info = await lookAt(path);
  if (info === undefined) return await writeOrRemove(path, bytes);
  if (!overwrite) throw exists(path);
  // A pipe or a device is written to, not replaced.
  if (!info.isFile) return await write(path, bytes, "old");
  const draft = `${path}.${crypto.randomUUID()}.part`;
  await writeOrRemove(draft, bytes);
  await doing(path, () => Deno.rename(draft, path));
}

async function writeOrRemove(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await write(path, bytes, "new");
  } catch (error) {
    if (error instanceof StorageError && error.code === "EEXIST") throw error;
    await Deno.remove(path).catch(() => {}); // it was not even made
    throw error;
  }
}

function write(path: string, bytes: Uint8Array, file: "new" | "old"): Promise<void> {
  return doing(path, () => Deno.writeFile(path, bytes, { createNew: file === "new" }));
}

async function doing<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) throw exists(path);
    throw toStorageError(cause, "write", path);
  }
}

async function lookAt(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw toStorageError(cause, "write", path);
  }
}

function exists(path: string): StorageError {
  return failure(path, "it exists, use --overwrite to replace it", "EEXIST");
}

function failure(path: string, why: string, code: string): StorageError {
  return new StorageError(`Cannot write "${printable(path, 300)}": ${why}`, path, code);
}
