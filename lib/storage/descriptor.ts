/**
 * One descriptor of a file: opened, read, written, synced, closed, without its system's little traps.
 *
 * @module
 */
import fs from "node:fs";
import { errorCode } from "../base/errors.ts";
import { storageFailure } from "./storage_error.ts";

/** Zero on Windows, where opening a link by accident needs a privilege first. */
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;

const NEW_FILE_MODE = 0o666;

/** Opens a file that is no symbolic link. @throws the system's error; {StorageError} "ELOOP" */
export function openNoFollow(path: string, flags: number): number {
  if (O_NOFOLLOW === 0 && isLink(path)) throw storageFailure("open", path, "ELOOP");
  return fs.openSync(path, flags | O_NOFOLLOW, NEW_FILE_MODE);
}

function isLink(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** Reads until `into` is full or the file ends; returns how many bytes. */
export function readWhole(fd: number, into: Uint8Array, position: number): number {
  let done = 0;
  while (done < into.length) {
    const count = uninterrupted(() =>
      fs.readSync(fd, into, done, into.length - done, position + done)
    );
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** The same, in a thread of the system's: nobody waits for a slow disk. */
export async function readWholeLater(
  fd: number,
  into: Uint8Array,
  position: number,
): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const count = await readLater(fd, done === 0 ? into : into.subarray(done), position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

function readLater(fd: number, into: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, into, 0, into.length, position, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

/** Has the system put the bytes of a file onto the disk. */
export function syncData(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fdatasync(fd, (error) => error === null ? resolve() : reject(error));
  });
}

/** Writes all: writes are partial at times. */
export function writeWhole(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    const count = uninterrupted(() =>
      fs.writeSync(fd, bytes, done, bytes.length - done, position + done)
    );
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
export function closeQuietly(fd: number): void {
  try {
    fs.closeSync(fd);
  } catch {
    // Nobody could act on it: what must reach the disk was synced before, with its own errors.
  }
}
