/**
 * What the system says of a file, in words that fit one line.
 *
 * @module
 */
import { errorCode, StorageError } from "../base/errors.ts";

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  EACCES: "permission denied",
  EBADF: "the store is closed",
  EBUSY: "it is in use by another process",
  EDQUOT: "the disk quota is used up",
  EEXIST: "something else stands there",
  EFBIG: "the file system takes no file this big",
  EILSEQ: "its name is not UTF-8",
  EIO: "the device reports an error",
  EISDIR: "a folder stands where a file should be",
  ELOOP: "a symbolic link stands there, and links are not followed",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  ENFILE: "too many open files in the system",
  ENODATA: "the bytes are not there",
  ENOENT: "it, or its folder, is gone",
  ENOSPC: "no space is left on the disk",
  ENOTDIR: "a file stands where a folder should be",
  ENXIO: "what stands there is not a regular file",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ESTALE: "it has changed meanwhile",
});

/** A StorageError of our own finding: `code` must be one of those that have words. */
export function storageFailure(action: string, path: string, code: string): StorageError {
  return new StorageError(`Cannot ${action} "${path}": ${REASONS[code] ?? code}`, path, code);
}

/**
 * A system error as a StorageError, its cause kept; a StorageError stays as it is.
 *
 * @param action a verb, such as `write`
 */
export function toStorageError(error: unknown, action: string, path: string): StorageError {
  if (error instanceof StorageError) return error;
  const code = errorCode(error) ?? (isDenied(error) ? "EACCES" : "EIO");
  // Deno's own words name the flag.
  const words = error instanceof Deno.errors.NotCapable ? undefined : REASONS[code];
  const detail = words ?? firstLine(error);
  return new StorageError(`Cannot ${action} "${path}": ${detail} (${code})`, path, code, {
    cause: error,
  });
}

/** Whether Deno itself forbids it, for want of a permission flag. */
function isDenied(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}
