/**
 * Makes a torrent of a file or a folder (BEP 3): looks, hashes on all processors, looks again, encodes.
 *
 * @module
 */
import { BencodeError, MetainfoError, StorageError } from "../base/errors.ts";
import { USER_AGENT } from "../base/identity.ts";
import { printable } from "../base/text.ts";
import { atIntervals } from "../storage/hashing.ts";
import { openHasher } from "../storage/open_hasher.ts";
import { storageFailure } from "../storage/storage_error.ts";
import { encodeMetainfo, type TorrentDescription } from "../torrent/encode_metainfo.ts";
import { Geometry, HASH_LENGTH } from "../torrent/geometry.ts";
import { type Metainfo, parseMetainfo } from "../torrent/metainfo.ts";
import { choosePieceLength } from "../torrent/piece_length.ts";
import { checkCreateOptions, type CreateOptions } from "./create_options.ts";
import { confirmUnchanged, type Survey, takeSurvey } from "./survey.ts";

/** How far the hashing is. */
export interface HashingEvent {
  /** Comes a few times a second. */
  readonly kind: "hashing";
  /** Those that need not be read again. */
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
  const draft = describe(survey, options);
  yield* warnings([...survey.remarks, ...tryOut(draft, survey)]);
  const pieceHashes = yield* hashFiles(survey, draft.pieceLength, signal);
  await confirmUnchanged(survey, signal);
  const torrentBytes = encodeMetainfo({ ...draft, pieceHashes });
  yield { kind: "created", torrentBytes, metainfo: parseMetainfo(torrentBytes) };
}

/** All but the hashes, which are zeros yet. @throws {Error} when there is nothing to hash */
function describe(survey: Survey, options: CreateOptions): TorrentDescription {
  const { files, isFolder, remarks } = survey;
  const totalLength = files.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  if (totalLength === 0) {
    const what = files.length === 0 ? "no file" : "nothing but empty files";
    const name = printable(survey.name, 300);
    throw new Error(
      [`Cannot create a torrent of "${name}": it holds ${what}`, ...remarks].join("; "),
    );
  }
  const pieceLength = options.pieceLength ?? choosePieceLength(totalLength);
  return {
    name: options.name ?? survey.name,
    content: isFolder ? files : totalLength,
    pieceLength,
    pieceHashes: new Uint8Array(Math.ceil(totalLength / pieceLength) * HASH_LENGTH),
    trackers: (options.trackers ?? []).filter((tier) => tier.length > 0),
    webSeeds: options.webSeeds ?? [],
    isPrivate: options.isPrivate ?? false,
    comment: options.comment,
    source: options.source,
    createdBy: USER_AGENT,
    creationDate: options.creationDate,
  };
}

/** Reads the draft as others will read the torrent: better to know before hours of hashing. */
function tryOut(draft: TorrentDescription, survey: Survey): readonly string[] {
  const metainfo = readDraft(draft);
  if (metainfo.geometry.hasPadding) {
    throw new Error(`Cannot create a torrent of "${draft.name}": the name stands for padding`);
  }
  const remarks = [...metainfo.warnings, ...compareNames(draft.name, survey, metainfo)];
  if (draft.isPrivate && draft.trackers.length === 0) {
    remarks.push("A private torrent without a tracker finds no peers");
  }
  return remarks;
}

/** What of the names is not safe as it is. */
function compareNames(name: string, { files, isFolder }: Survey, theirs: Metainfo): string[] {
  const remarks = name === theirs.name ? [] : [renaming(1, name, theirs.name)];
  if (!isFolder) return remarks;
  const pathOf = (index: number) => theirs.files[index]?.path.slice(1).join("/") ?? "";
  const others = files.values().map(({ relative }, index) => [relative, pathOf(index)] as const)
    .filter(([ours, theirs]) => ours !== theirs);
  const { value: first } = others.next();
  if (first === undefined) return remarks;
  return [...remarks, renaming(1 + [...others].length, ...first)];
}

function renaming(count: number, ours: string, theirs: string): string {
  const others = count > 1 ? `, and ${count - 1} more` : "";
  return `Will be saved under another name: "${escaped(ours)}" as "${escaped(theirs)}"${others}`;
}

/** What cannot be seen is mostly what makes the difference. */
function escaped(name: string): string {
  const show = (character: string) =>
    printable(character) === ""
      ? `\\u{${character.codePointAt(0)?.toString(16)}}`
      : printable(character);
  return printable(Array.from(name, show).join(""), 300);
}

function readDraft(draft: TorrentDescription): Metainfo {
  try {
    return parseMetainfo(encodeMetainfo(draft));
  } catch (cause) {
    if (!(cause instanceof MetainfoError || cause instanceof BencodeError)) throw cause;
    const why = cause.message.replace(/^Cannot read torrent: /, "");
    const key = cause instanceof MetainfoError ? cause.key : "";
    const name = printable(draft.name, 300);
    throw new MetainfoError(`Cannot create a torrent of "${name}": ${why}`, key, { cause });
  }
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
