/**
 * Checks a torrent's files on disk without a journal and without permission to write.
 *
 * @module
 */
import type { Metainfo } from "../torrent/metainfo.ts";
import { hashPieces } from "./check.ts";
import { Files } from "./files.ts";
import { Folders } from "./folders.ts";
import { scanPresence } from "./presence.ts";
import { readRun } from "./run.ts";
import type { CheckProgress } from "./store.ts";

/** Where the files lie. */
export interface VerifyFilesOptions {
  /** The folder in which the file, or the torrent's folder, lies. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/**
 * Hashes every piece that can be there; returns a bit per piece, the highest bit of byte 0 is piece 0.
 *
 * @throws {StorageError} when something else than a file is in the place of one, or cannot be read
 */
export async function* verifyFiles(
  metainfo: Metainfo,
  options: VerifyFilesOptions,
): AsyncGenerator<CheckProgress, Uint8Array, undefined> {
  const { directory, signal } = options;
  const folders = new Folders(directory);
  await using files = new Files(metainfo.files, folders);
  const presence = await scanPresence(metainfo, folders, { signal });
  return yield* hashPieces(metainfo, {
    signal,
    wants: (pieceIndex) => presence.reaches(pieceIndex),
    read: (offset, bytes) =>
      readRun(metainfo.geometry, { offset, bytes }, async (span, part) => {
        part.fill(0, await files.read(span.fileIndex, span.fileOffset, part));
      }),
  });
}
