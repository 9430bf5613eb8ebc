/**
 * One descriptor of a file: opened, read, written, closed, without its system's little traps.
 *
 * Deno's own files and not node:fs, whose modules take longer to load than a small torrent to download.
 *
 * @module
 */
import { errorCode } from "../base/errors.ts";
import { storageFailure } from "./storage_error.ts";

/** Opens a file that is there, and is no symbolic link. @throws the system's error; {StorageError} */
export function openThere(path: string, access: "read" | "write"): Deno.FsFile {
  const seen = Deno.lstatSync(path);
  if (seen.isSymlink) throw storageFailure("open", path, "ELOOP");
  // Opening a pipe would wait for ever.
  if (!seen.isFile) throw storageFailure("open", path, seen.isDirectory ? "EISDIR" : "ENXIO");
  const file = Deno.openSync(path, { read: true, write: access === "write" });
  try {
    // Deno follows links: what was opened must be what was seen.
    const { dev, ino } = file.statSync();
    if (dev === seen.dev && ino === seen.ino) return file;
    throw storageFailure("open", path, "ESTALE");
  } catch (error) {
    closeQuietly(file);
    throw error;
  }
}

/** Opens a file to be written, and makes it if nothing is there. @throws as openThere() does */
export function openOrMake(path: string): Deno.FsFile {
  try {
    // What is new is no link: the system refuses one.
    return Deno.openSync(path, { read: true, write: true, createNew: true });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    return openThere(path, "write");
  }
}

/** Reads until `into` is full or the file ends; returns how many bytes. */
export function readWhole(file: Deno.FsFile, into: Uint8Array, position: number): number {
  file.seekSync(position, Deno.SeekMode.Start);
  let done = 0;
  while (done < into.length) {
    const count = uninterrupted(() => file.readSync(into.subarray(done)));
    if (count === null) break;
    done += count;
  }
  return done;
}

/** Writes all: writes are partial at times. */
export function writeWhole(file: Deno.FsFile, bytes: Uint8Array, position: number): void {
  file.seekSync(position, Deno.SeekMode.Start);
  for (let done = 0; done < bytes.length;) {
    const count = uninterrupted(() => file.writeSync(bytes.subarray(done)));
    if (count === 0) throw new Error("nothing was written");
    done += count;
  }
}

/** Tries again where a signal came between. */
function uninterrupted<T>(call: () => T): T {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (errorCode(error) !== "EINTR") throw error;
    }
  }
}

/** Closes, whatever the system says of it. */
export function closeQuietly(file: Deno.FsFile): void {
  try {
    file.close();
  } catch {
    // Nobody could act on it: what must reach the disk was synced before, with its own errors.
  }
}
