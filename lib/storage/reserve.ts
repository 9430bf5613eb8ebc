/**
 * Descriptors held back for files, before peers have taken all that the system allows.
 *
 * @module
 */
import fs from "node:fs";

/**
 * How many descriptors are a file's or held free for one. Closing a connection frees its descriptor only
 * when we return to the event loop, which a write cannot wait for: so peers must never have them all.
 * Enough for eight files being synced, one being read and one written.
 */
const RESERVED_DESCRIPTORS = 10;

/** Holds descriptors of a folder, which cost nothing else, until they are given up. */
export class Reserve implements Disposable {
  readonly #directory: string;
  readonly #held: number[] = [];

  /** @param directory one that is there */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Holds what files do not use themselves, or as much as there is to be had. */
  fill(inUse: number): void {
    try {
      while (this.#held.length < RESERVED_DESCRIPTORS - inUse) {
        this.#held.push(fs.openSync(this.#directory, fs.constants.O_RDONLY));
      }
    } catch {
      // None is left, or the system opens no folders: there is less in reserve, no more than that.
    }
  }

  /** Gives one up, so that the next open() finds it; false when there is none. */
  give(): boolean {
    const fd = this.#held.pop();
    if (fd === undefined) return false;
    fs.closeSync(fd);
    return true;
  }

  [Symbol.dispose](): void {
    while (this.give());
  }
}
