/**
 * What is wrong with the files of a torrent on disk: as far as looking at them tells, and, once pieces
 * were hashed, as far as those do.
 *
 * @module
 */
import { hasBit } from "../base/bits.ts";
import { errorCode } from "../base/errors.ts";
import { isOnDisk, type StoredTorrent } from "./stored_torrent.ts";

/**
 * What is wrong with a file: it is not there; it ends too early; its bytes differ; it cannot be read;
 * or it has no fault of its own but shares a piece with one that has, so that nobody can tell.
 */
export type FileFault = "missing" | "short" | "damaged" | "unreadable" | "unknown";

/** One fault of a file. */
export interface Finding {
  readonly fault: FileFault;
  readonly message: string;
}

const MISSING: Finding = { fault: "missing", message: "it is not there" };
const DAMAGED: Finding = { fault: "damaged", message: "its bytes differ from the torrent's" };
const UNKNOWN: Finding = { fault: "unknown", message: "it shares a piece with a file at fault" };

/** What was found out about the files below a folder. */
export class FileFaults {
  readonly #torrent: StoredTorrent;
  readonly #directory: string;
  readonly #folders = new Map<string, "folder" | Finding>();
  readonly #findings = new Map<number, Finding>();
  /** How many bytes of each file can be there; as many as it should have, if it has no fault. */
  readonly #available: Float64Array;

  constructor(torrent: StoredTorrent, directory: string) {
    this.#torrent = torrent;
    this.#directory = directory;
    this.#available = Float64Array.from(torrent.files, ({ lengthBytes }) => lengthBytes);
  }

  /** By the index of the file, in order. */
  get findings(): readonly (readonly [number, Finding])[] {
    return [...this.#findings].sort(([a], [b]) => a - b);
  }

  /** Looks at one file; no symbolic link below the folder is followed. */
  look(fileIndex: number): void {
    const file = this.#torrent.files[fileIndex];
    if (file === undefined || !isOnDisk(file)) return;
    const found = this.#lookAt(file.path);
    if (typeof found !== "number") {
      this.#findings.set(fileIndex, found);
      this.#available[fileIndex] = 0;
    } else if (found < file.lengthBytes) {
      const message = `it ends at ${found} of ${file.lengthBytes}`;
      this.#findings.set(fileIndex, { fault: "short", message });
      this.#available[fileIndex] = found;
    }
  }

  /** Whether every byte of the piece can be there. */
  mayHold(pieceIndex: number): boolean {
    for (const { fileIndex, fileOffset, lengthBytes } of this.#spans(pieceIndex)) {
      if (fileOffset + lengthBytes > (this.#available[fileIndex] ?? 0)) return false;
    }
    return true;
  }

  /** The file could not be read after all. @param code the system's */
  refuse(fileIndex: number, code: string): void {
    const message = code === "ELOOP" ? "it is a symbolic link" : `it cannot be read (${code})`;
    this.#findings.set(fileIndex, { fault: "unreadable", message });
  }

  /** Blames every file with bytes in a piece that is not right, unless a worse fault of it is known. */
  judge(right: Uint8Array, hashed: Uint8Array): void {
    for (let pieceIndex = 0; pieceIndex < this.#torrent.geometry.pieceCount; pieceIndex++) {
      if (hasBit(right, pieceIndex)) continue;
      const finding = hasBit(hashed, pieceIndex) && this.#isReadable(pieceIndex)
        ? DAMAGED
        : UNKNOWN;
      for (const { fileIndex } of this.#spans(pieceIndex)) {
        const known = this.#findings.get(fileIndex) ?? UNKNOWN;
        if (known.fault === "unknown") this.#findings.set(fileIndex, finding);
      }
    }
  }

  #isReadable(pieceIndex: number): boolean {
    for (const { fileIndex } of this.#spans(pieceIndex)) {
      if (this.#findings.get(fileIndex)?.fault === "unreadable") return false;
    }
    return true;
  }

  *#spans(pieceIndex: number) {
    const { geometry } = this.#torrent;
    const offset = geometry.pieceOffset(pieceIndex);
    for (const span of geometry.spans(offset, geometry.pieceLength(pieceIndex))) {
      if (!span.isPadding) yield span;
    }
  }

  /** The size of a file that can be read, or what is wrong. */
  #lookAt(path: readonly string[]): number | Finding {
    for (let depth = 1; depth < path.length; depth++) {
      const folder = path.slice(0, depth).join("/");
      const result = this.#folders.get(folder) ?? this.#lookAtFolder(folder);
      this.#folders.set(folder, result);
      if (result !== "folder") return result;
    }
    const info = this.#lstat(path.join("/"));
    if ("fault" in info) return info;
    if (info.isSymlink) return { fault: "unreadable", message: "it is a symbolic link" };
    return info.isFile ? info.size : { fault: "unreadable", message: "it is not a file" };
  }

  #lookAtFolder(folder: string): "folder" | Finding {
    const info = this.#lstat(folder);
    if ("fault" in info) return info;
    if (info.isDirectory) return "folder";
    if (!info.isSymlink) return { fault: "missing", message: "its folder is a file" };
    return { fault: "unreadable", message: "its folder is a symbolic link" };
  }

  /** @throws what is no fault of a file, such as a missing permission of Deno's */
  #lstat(path: string): Deno.FileInfo | Finding {
    try {
      return Deno.lstatSync(`${this.#directory}/${path}`);
    } catch (error) {
      const code = errorCode(error);
      if (code === "ENOENT" || code === "ENOTDIR") return MISSING;
      if (code === undefined) throw error;
      return { fault: "unreadable", message: `it cannot be read (${code})` };
    }
  }
}
