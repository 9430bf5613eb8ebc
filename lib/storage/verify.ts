/**
 * The check of files on disk against a torrent: read only, no network, one file open at a time.
 *
 * @module
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { errorCode } from "../base/errors.ts";
import type { CheckingEvent } from "../events.ts";
import type { Metainfo, TorrentFile } from "../torrent/metainfo.ts";
import { type FileFault, type Finding, PieceCheck } from "./piece_check.ts";

export type { FileFault };

/** What verify() reports; plain data, ready for JSON.stringify(). */
export type VerifyEvent =
  | CheckingEvent
  /** One file that is not as the torrent says. */
  | {
    readonly kind: "file";
    /** Below the folder, its parts joined by `/`. */
    readonly path: string;
    readonly fault: FileFault;
    readonly message: string;
  }
  /** The last event. */
  | {
    readonly kind: "verified";
    readonly isComplete: boolean;
    /** Bytes and pieces that are right, padding included. */
    readonly haveBytes: number;
    readonly totalBytes: number;
    readonly havePieces: number;
    readonly pieceCount: number;
    readonly fileCount: number;
    readonly badFiles: number;
  };

/** How to verify. */
export interface VerifyOptions {
  /** The folder that holds what was downloaded. */
  readonly directory: string;
  /** Looked at every 50 ms. */
  readonly signal?: AbortSignal;
}

/** The unit of reading, in bytes. */
const READ_LENGTH = 1024 * 1024;
/** How long the check may keep signals and timers waiting, in milliseconds. */
const TURN_MS = 50;

/**
 * Checks every piece, file by file; then names the files at fault, then sums up. Memory is bounded
 * whatever the length of pieces. No symbolic link below the folder is followed.
 *
 * @throws the signal's reason
 */
export async function* verify(
  metainfo: Metainfo,
  options: VerifyOptions,
): AsyncGenerator<VerifyEvent, void, undefined> {
  const check = new PieceCheck(metainfo);
  const totalBytes = metainfo.geometry.totalLength;
  let turnEnds = performance.now() + TURN_MS;
  for (const _ of readFiles(metainfo, options.directory, check)) {
    if (performance.now() < turnEnds) continue;
    yield { kind: "checking", checkedBytes: check.position, totalBytes };
    await nextTurn();
    options.signal?.throwIfAborted();
    turnEnds = performance.now() + TURN_MS;
  }
  yield { kind: "checking", checkedBytes: totalBytes, totalBytes };
  yield* report(metainfo, check);
}

/** Timers and signals get their turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Feeds all files to the check in the torrent's order, yielding after each part. */
function* readFiles(
  metainfo: Metainfo,
  directory: string,
  check: PieceCheck,
): Generator<void, void, undefined> {
  const folders = new FolderCheck(directory);
  const buffer = new Uint8Array(READ_LENGTH);
  for (const [fileIndex, file] of metainfo.files.entries()) {
    if (file.isPadding) {
      yield* check.feedZeros(file.lengthBytes);
      continue;
    }
    const end = check.position + file.lengthBytes;
    try {
      folders.check(file.path);
      yield* readFile(`${directory}/${file.path.join("/")}`, { file, check, buffer });
    } catch (error) {
      check.addFinding(fileIndex, findingOf(error));
    }
    if (check.position < end) check.skipTo(end);
    yield;
  }
}

function* readFile(
  path: string,
  parts: { readonly file: TorrentFile; readonly check: PieceCheck; readonly buffer: Uint8Array },
): Generator<void, void, undefined> {
  const { file, check, buffer } = parts;
  // A FIFO must not block us; O_NOFOLLOW is not known to Windows.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const descriptor = openSync(path, flags);
  try {
    if (!fstatSync(descriptor).isFile()) throw new FaultError("unreadable", "it is not a file");
    for (let offset = 0; offset < file.lengthBytes;) {
      const wanted = Math.min(buffer.length, file.lengthBytes - offset);
      const count = readSync(descriptor, buffer, 0, wanted, offset);
      if (count === 0) throw new FaultError("short", `it ends at ${offset} of ${file.lengthBytes}`);
      check.feed(buffer.subarray(0, count));
      offset += count;
      yield;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** A fault found while reading one file; never leaves this module. */
class FaultError extends Error {
  override readonly name = "FaultError";
  readonly finding: Finding;

  constructor(fault: FileFault, message: string) {
    super(message);
    this.finding = { fault, message };
  }
}

/** @throws what is no fault of a file, such as a missing permission of Deno's */
function findingOf(error: unknown): Finding {
  if (error instanceof FaultError) return error.finding;
  const code = errorCode(error);
  if (code === undefined) throw error;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return { fault: "missing", message: "it is not there" };
  }
  if (code === "ELOOP") return { fault: "unreadable", message: "it is a symbolic link" };
  return { fault: "unreadable", message: `it cannot be read (${code})` };
}

/** What was found, once every byte was fed or skipped. */
function* report(metainfo: Metainfo, check: PieceCheck): Generator<VerifyEvent, void, undefined> {
  const { files, geometry } = metainfo;
  const findings = [...check.findings].sort(([a], [b]) => a - b);
  for (const [fileIndex, { fault, message }] of findings) {
    yield { kind: "file", path: files[fileIndex]?.path.join("/") ?? "", fault, message };
  }
  yield {
    kind: "verified",
    isComplete: findings.length === 0,
    haveBytes: check.haveBytes,
    totalBytes: geometry.totalLength,
    havePieces: check.havePieces,
    pieceCount: geometry.pieceCount,
    fileCount: files.filter(({ isPadding }) => !isPadding).length,
    badFiles: findings.length,
  };
}

/** Looks once at each folder below the root: a symbolic link may lead anywhere. */
class FolderCheck {
  readonly #root: string;
  readonly #seen = new Map<string, "folder" | Finding>();

  constructor(root: string) {
    this.#root = root;
  }

  /** @throws {FaultError} when a folder on the way to the file is none */
  check(path: readonly string[]): void {
    for (let depth = 1; depth < path.length; depth++) {
      const folder = path.slice(0, depth).join("/");
      const result = this.#seen.get(folder) ?? this.#look(folder);
      this.#seen.set(folder, result);
      if (result !== "folder") throw new FaultError(result.fault, result.message);
    }
  }

  #look(folder: string): "folder" | Finding {
    try {
      const stat = lstatSync(`${this.#root}/${folder}`);
      if (stat.isDirectory()) return "folder";
      if (!stat.isSymbolicLink()) return { fault: "missing", message: "its folder is a file" };
      return { fault: "unreadable", message: "its folder is a symbolic link" };
    } catch (error) {
      return findingOf(error);
    }
  }
}
