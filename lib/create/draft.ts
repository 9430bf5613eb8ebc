/**
 * A torrent before anything is hashed: better to know now than after hours that it would be none.
 *
 * @module
 */
import { BencodeError, MetainfoError } from "../base/errors.ts";
import { USER_AGENT } from "../base/identity.ts";
import { printable, redactUrl } from "../base/text.ts";
import { encodeMetainfo, type TorrentDescription } from "../torrent/encode_metainfo.ts";
import { HASH_LENGTH } from "../torrent/geometry.ts";
import { type Metainfo, parseMetainfo } from "../torrent/metainfo.ts";
import { choosePieceLength } from "../torrent/piece_length.ts";
import type { CreateOptions } from "./create_options.ts";
import type { Survey } from "./survey.ts";

/** All that a torrent of these files says; its hashes are zeros. @throws {Error} when there is nothing to hash */
export function draftTorrent(survey: Survey, options: CreateOptions): TorrentDescription {
  const { files, isFolder, remarks } = survey;
  const totalLength = files.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  if (totalLength === 0) {
    const what = files.length === 0 ? "no file" : "nothing but empty files";
    const failure = `Cannot create a torrent of "${shown(survey.name)}": it holds ${what}`;
    throw new Error([failure, ...remarks].join("; "));
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

/**
 * Reads the draft as others will read the torrent.
 *
 * @returns what its maker should know, a line each
 * @throws {MetainfoError} when nobody could read it; {Error} when nobody would download it
 */
export function tryOut(draft: TorrentDescription, survey: Survey): readonly string[] {
  const metainfo = readDraft(draft);
  if (metainfo.geometry.hasPadding) {
    throw new Error(
      `Cannot create a torrent of "${shown(draft.name)}": the name stands for padding`,
    );
  }
  const remarks = [...metainfo.warnings, ...compareNames(draft.name, survey, metainfo)];
  if (draft.isPrivate && draft.trackers.length === 0) {
    remarks.push("A private torrent without a tracker finds no peers");
  }
  const seed = draft.webSeeds.find((url) => survey.isFolder && !url.endsWith("/"));
  if (seed !== undefined) {
    remarks.push(`A folder's web seed should end with "/": ${redactUrl(seed)}`);
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
  return shown(Array.from(name, show).join(""));
}

function readDraft(draft: TorrentDescription): Metainfo {
  try {
    return parseMetainfo(encodeMetainfo(draft));
  } catch (cause) {
    if (!(cause instanceof MetainfoError || cause instanceof BencodeError)) throw cause;
    const why = cause.message.replace(/^Cannot read torrent: /, "");
    const key = cause instanceof MetainfoError ? cause.key : "";
    const failure = `Cannot create a torrent of "${shown(draft.name)}": ${why}`;
    throw new MetainfoError(failure, key, { cause });
  }
}

function shown(name: string): string {
  return printable(name, 300);
}
