/**
 * The check of files on disk against a torrent: read only, no network, on all processors.
 *
 * @module
 */
import { delay } from "../base/async.ts";
import { emptyBits, forEachBit, setBit } from "../base/bits.ts";
import type { CheckingEvent } from "../events.ts";
import type { Metainfo } from "../torrent/metainfo.ts";
import { type FileFault, FileFaults } from "./file_faults.ts";
import { atIntervals, type Hashed, type Hasher } from "./hashing.ts";
import { openHasher } from "./open_hasher.ts";

export type { FileFault } from "./file_faults.ts";

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
  /** Ends the check. */
  readonly signal?: AbortSignal;
}

/** Files looked at before others get their turn. */
const FILES_PER_TURN = 1024;

/**
 * Checks every piece that can be there; then names the files at fault, then sums up. Memory is bounded
 * whatever the length of pieces. No symbolic link below the folder is followed.
 *
 * @throws the signal's reason
 */
export async function* verify(
  metainfo: Metainfo,
  options: VerifyOptions,
): AsyncGenerator<VerifyEvent, void, undefined> {
  const signal = options.signal ?? new AbortController().signal;
  const { directory } = options;
  const faults = await lookAtFiles(metainfo, directory, signal);
  const wanted = emptyBits(metainfo.geometry.pieceCount);
  let wantedBytes = 0;
  for (let pieceIndex = 0; pieceIndex < metainfo.geometry.pieceCount; pieceIndex++) {
    if (!faults.mayHold(pieceIndex)) continue;
    setBit(wanted, pieceIndex);
    wantedBytes += metainfo.geometry.pieceLength(pieceIndex);
  }
  await using hasher = await openHasher(metainfo, { directory, lengthBytes: wantedBytes });
  const { right, unreadable } = yield* reportHashing(hasher, wanted, signal);
  for (const [fileIndex, code] of unreadable) faults.refuse(fileIndex, code);
  faults.judge(right, wanted);
  const { totalLength: totalBytes } = metainfo.geometry;
  yield { kind: "checking", checkedBytes: totalBytes, totalBytes };
  yield* report(metainfo, faults, right);
}

async function lookAtFiles(
  metainfo: Metainfo,
  directory: string,
  signal: AbortSignal,
): Promise<FileFaults> {
  const faults = new FileFaults(metainfo, directory);
  signal.throwIfAborted();
  for (let fileIndex = 0; fileIndex < metainfo.files.length; fileIndex++) {
    faults.look(fileIndex);
    if (fileIndex % FILES_PER_TURN === FILES_PER_TURN - 1) await delay(0, { signal });
  }
  return faults;
}

async function* reportHashing(
  hasher: Hasher,
  wanted: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<CheckingEvent, Hashed, undefined> {
  await using steps = atIntervals(hasher.hash(wanted, { signal }));
  for (;;) {
    const step = await steps.next();
    if (step.done) return step.value;
    yield { kind: "checking", ...step.value };
  }
}

/** What was found, once every piece was hashed or passed over. */
function* report(
  { files, geometry }: Metainfo,
  { findings }: FileFaults,
  right: Uint8Array,
): Generator<VerifyEvent, void, undefined> {
  for (const [fileIndex, { fault, message }] of findings) {
    yield { kind: "file", path: files[fileIndex]?.path.join("/") ?? "", fault, message };
  }
  let haveBytes = 0;
  let havePieces = 0;
  forEachBit(right, (pieceIndex) => {
    haveBytes += geometry.pieceLength(pieceIndex);
    havePieces++;
  });
  yield {
    kind: "verified",
    isComplete: findings.length === 0,
    haveBytes,
    totalBytes: geometry.totalLength,
    havePieces,
    pieceCount: geometry.pieceCount,
    fileCount: files.filter(({ isPadding }) => !isPadding).length,
    badFiles: findings.length,
  };
}
