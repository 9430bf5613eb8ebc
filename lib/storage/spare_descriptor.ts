/**
 * A descriptor held in reserve.
 *
 * Connections give theirs back only after the present turn of the event loop, whereas blocks are written
 * at once: when all descriptors are taken and every open file is in use, only one of our own helps.
 *
 * @module
 */
import fs from "node:fs";

/** One descriptor that is of no use but to be given up. */
export class SpareDescriptor implements Disposable {
  #fd: number | undefined;

  /** Takes one, on a file that is there, unless one is held; there may be none to be had. */
  hold(path: string): void {
    try {
      this.#fd ??= fs.openSync(path, fs.constants.O_RDONLY);
    } catch {
      // None is left now: the next file that is opened tries again.
    }
  }

  /** Gives it up, for somebody to use at once; false when none was held. */
  giveUp(): boolean {
    if (this.#fd === undefined) return false;
    fs.closeSync(this.#fd);
    this.#fd = undefined;
    return true;
  }

  [Symbol.dispose](): void {
    this.giveUp();
  }
}
