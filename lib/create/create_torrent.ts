/**
 * Makes a torrent of a file or a folder (BEP 3): looks, hashes on all processors, looks again, encodes.
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import { atIntervals } from "../storage/hashing.ts";
import { openHasher } from "../storage/open_hasher.ts";
import { storageFailure } from "../storage/storage_error.ts";
import { encodeMetainfo } from "../torrent/encode_metainfo.ts";
import { Geometry } from "../torrent/geometry.ts";
import { type Metainfo, parseMetainfo } from "../torrent/metainfo.ts";
import { checkCreateOptions, type CreateOptions } from "./create_options.ts";
import { draftTorrent, tryOut } from "./draft.ts";
import { confirmUnchanged, type Survey, takeSurvey } from "./survey.ts";

/** How far the hashing is. */
export interface HashingEvent {
  /** Comes a few times a second. */
  readonly kind: "hashing";
  /** How much is hashed, of whatever files. */
  readonly hashedBytes: number;
  /** The length of all files. */
  readonly totalBytes: number;
}

/** What createTorrent() reports. */
export type CreateEvent =
  | HashingEvent
  /** What is left out, or will look different elsewhere. */
  | { readonly kind: "warning"; readonly message: string }
  /** The last event. */
  | {
    readonly kind: "created";
    /** The .torrent file: the same bytes for the same files, options and version of this program. */
    readonly torrentBytes: Uint8Array<ArrayBuffer>;
    /** What parseMetainfo() reads in it. */
    readonly metainfo: Metainfo;
  };

/**
 * Makes a torrent of the file or folder at `path`; nothing is written. Files are sorted by the bytes of
 * their paths. Memory is bounded whatever their length.
 *
 * @throws {StorageError} for what cannot be read, or has changed while it was hashed
 * @throws {TypeError} for options that no torrent can have
 * @throws {Error} when there is nothing to make a torrent of; {MetainfoError} when it would be none that
 * we could read; the signal's reason
 */
export async function* createTorrent(
  path: string,
  options: CreateOptions = {},
): AsyncGenerator<CreateEvent, void, undefined> {
  checkCreateOptions(options);
  const { leaveOut, signal = new AbortController().signal } = options;
  signal.throwIfAborted();
  const survey = await takeSurvey(path, { leaveOut, signal });
  const draft = draftTorrent(survey, options);
  yield* warnings([...survey.remarks, ...tryOut(draft, survey)]);
  const pieceHashes = yield* hashFiles(survey, draft.pieceLength, signal);
  await confirmUnchanged(survey, signal);
  const torrentBytes = encodeMetainfo({ ...draft, pieceHashes });
  yield { kind: "created", torrentBytes, metainfo: parseMetainfo(torrentBytes) };
}

function* warnings(messages: readonly string[]): Generator<CreateEvent, void, undefined> {
  for (const message of messages) yield { kind: "warning", message };
}

async function* hashFiles(
  { files, directory }: Survey,
  pieceLength: number,
  signal: AbortSignal,
): AsyncGenerator<HashingEvent, Uint8Array, undefined> {
  const geometry = new Geometry(files, pieceLength);
  const layout = { files, pieceLength, geometry, pieceHashes: new Uint8Array() };
  const { totalLength: totalBytes } = geometry;
  await using maker = await openHasher(layout, { directory, lengthBytes: totalBytes });
  await using steps = atIntervals(maker.makeHashes({ signal }));
  try {
    for (;;) {
      const step = await steps.next();
      if (!step.done) yield { kind: "hashing", hashedBytes: step.value.checkedBytes, totalBytes };
      else {
        yield { kind: "hashing", hashedBytes: totalBytes, totalBytes };
        return step.value;
      }
    }
  } catch (error) {
    throw error instanceof StorageError && error.code === "ENODATA"
      ? storageFailure("read", error.path, "ESTALE")
      : error;
  }
}
