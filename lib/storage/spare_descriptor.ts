/**
 * A descriptor held in reserve.
 *
 * Connections give theirs back only after the present turn of the event loop, whereas blocks are written
 * at once: when all descriptors are taken and every open file is in use, only one of our own helps.
 *
 * @module
 */

/** One descriptor that is of no use but to be given up. */
export class SpareDescriptor implements Disposable {
  #file: Deno.FsFile | undefined;

  /** Takes one, on a file that is there, unless one is held; there may be none to be had. */
  hold(path: string): void {
    try {
      this.#file ??= Deno.openSync(path);
    } catch {
      // None is left now: the next file that is opened tries again.
    }
  }

  /** Gives it up, for somebody to use at once; false when none was held. */
  giveUp(): boolean {
    if (this.#file === undefined) return false;
    this.#file.close();
    this.#file = undefined;
    return true;
  }

  [Symbol.dispose](): void {
    this.giveUp();
  }
}
