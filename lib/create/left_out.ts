/**
 * What a torrent has no place for.
 *
 * @module
 */
import { printable } from "../base/text.ts";

/** Why something is left out. */
export type LeftOutKind = "symbolic link" | "special file" | "empty folder" | "padding file";

/** Counts what is left out of a torrent, by its kind. */
export class LeftOut {
  readonly #kinds = new Map<LeftOutKind, { readonly example: string; count: number }>();

  /** @param path for people */
  add(kind: LeftOutKind, path: string): void {
    const known = this.#kinds.get(kind);
    if (known === undefined) this.#kinds.set(kind, { example: path, count: 1 });
    else known.count++;
  }

  /** A line for each kind, however much there is of it. */
  remarks(): readonly string[] {
    return Array.from(this.#kinds, ([kind, { example, count }]) => {
      const shown = `"${printable(example, 300)}"`;
      return count === 1
        ? `Left out the ${kind} ${shown}`
        : `Left out ${count} ${kind}s, such as ${shown}`;
    });
  }
}
