/**
 * The files of a torrent, from its info dictionary (BEP 3, 47): lengths checked, names made safe.
 *
 * @module
 */
import { decodeUtf8 } from "../base/text.ts";
import type { Decoder } from "./bencode_decoder.ts";
import type { ItemReader } from "./bencode_options.ts";
import { type BencodeDictionary, bytesOf } from "./bencode_value.ts";
import { describe, refuseTorrent, type Warnings } from "./fields.ts";
import {
  type FileDraft,
  type FileEntry,
  FileEntryReader,
  isPaddingName,
  parseAttributes,
  parseLength,
} from "./file_entry.ts";
import { safeComponent } from "./path.ts";

/** The most bytes of all files together: what other clients can hold. */
const MAX_TOTAL_BYTES = 2 ** 48;

/** The safe name of the torrent; that of its folder falls back to `fallback` when nothing of it can be kept. */
export function parseName(info: BencodeDictionary, fallback: string): string {
  const bytes = preferUtf8(bytesOf(info.get("name.utf-8")), bytesOf(info.get("name")));
  if (bytes === undefined) refuseTorrent("info.name", describe(info.get("name")));
  if (Array.isArray(info.get("files"))) return safeComponent(bytes) ?? fallback;
  if (bytes.length === 0) refuseTorrent("info.name", "is empty");
  return safeComponent(bytes) ?? refuseTorrent("info.name", "is no name for a file");
}

/** The first where it is valid UTF-8 or the only one: what it is there for. */
function preferUtf8(
  utf8: Uint8Array | undefined,
  legacy: Uint8Array | undefined,
): Uint8Array | undefined {
  if (utf8 === undefined || legacy === undefined) return utf8 ?? legacy;
  return decodeUtf8(utf8) === undefined ? legacy : utf8;
}

/** Reads the entries of `info.files` off the cursor, so that no tree of them is built. */
export class FileListReader implements ItemReader<Decoder> {
  readonly keys = ["info", "files"] as const;
  readonly #reader = new FileEntryReader();
  readonly #drafts: FileDraft[] = [];

  /** @throws {MetainfoError} */
  readonly read = (source: Decoder): void => {
    this.#drafts.push(this.#reader.read(source, this.#drafts.length));
  };

  /** All of them, in the torrent's folder of that safe name. To be called once. */
  finish(name: string): readonly FileEntry[] {
    const isPadding = isPaddingName(name);
    for (const draft of this.#drafts) {
      draft.path[0] = name;
      if (isPadding) draft.isPadding = true;
    }
    return this.#drafts;
  }
}

/**
 * The files in the torrent's order.
 *
 * @param list what read the list, where there is one
 * @throws {MetainfoError}
 */
export function parseFiles(
  info: BencodeDictionary,
  name: string,
  { list, warnings }: { readonly list: FileListReader; readonly warnings: Warnings },
): readonly FileEntry[] {
  const hasList = Array.isArray(info.get("files"));
  const files = hasList ? list.finish(name) : [parseSingleFile(info, name)];
  if (files.length === 0) refuseTorrent("info.files", "is empty");
  const total = files.reduce((sum, file) => sum + file.lengthBytes, 0);
  if (total >= MAX_TOTAL_BYTES) refuseTorrent("info.files", `are ${total} bytes in all: too many`);
  if (total === 0) refuseTorrent(hasList ? "info.files" : "info.length", "is 0 bytes in all");
  if (files.some((file) => file.isSymlink)) {
    warnings.add("Symbolic links in the torrent are not made");
  }
  return files;
}

function parseSingleFile(info: BencodeDictionary, name: string): FileEntry {
  const attributes = parseAttributes(info.get("attr"));
  return {
    path: [name],
    lengthBytes: parseLength(info.get("length"), attributes),
    isPadding: attributes.isPadding || isPaddingName(name),
  };
}
