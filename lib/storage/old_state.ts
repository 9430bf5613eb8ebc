/**
 * What an earlier run left in the journal, judged. This is the one place that decides what to make of
 * a bad one: nothing in it is believed, and everything is hashed.
 *
 * @module
 */
import type { Metainfo } from "../torrent/metainfo.ts";
import { readBootId } from "./boot_id.ts";
import { decodeHeader, decodeRecords, type JournalHeader } from "./journal.ts";
import type { JournalFile } from "./journal_file.ts";
import { type JournalState, replayRecords } from "./journal_state.ts";

/** What the journal says of the past. */
export type OldState =
  /** There was no journal. */
  | { readonly kind: "none" }
  /** It is of another torrent. */
  | { readonly kind: "foreign" }
  /** It is damaged, of another format, or does not fit what is on the disk. */
  | { readonly kind: "damaged" }
  /** It holds, up to `end` bytes. */
  | { readonly kind: "state"; readonly state: JournalState; readonly end: number };

/** The header of this torrent's journal. */
export function headerOf(metainfo: Metainfo): JournalHeader {
  const { infoHash, pieceLength, geometry } = metainfo;
  const { totalLength, pieceCount } = geometry;
  return { infoHash, totalLength, pieceLength, pieceCount };
}

/** Reads and judges the journal. @throws {StorageError} when it cannot be read at all */
export function readOldState(journal: JournalFile, metainfo: Metainfo): OldState {
  if (journal.end === 0) return { kind: "none" };
  const bytes = journal.read();
  const header = bytes === undefined ? undefined : decodeHeader(bytes);
  if (bytes === undefined || header === undefined) return { kind: "damaged" };
  const ours = headerOf(metainfo);
  if (!isSame(header.infoHash, ours.infoHash)) return { kind: "foreign" };
  const fits = header.totalLength === ours.totalLength &&
    header.pieceLength === ours.pieceLength && header.pieceCount === ours.pieceCount;
  return fits ? judgeRecords(bytes, metainfo) : { kind: "damaged" };
}

function judgeRecords(bytes: Uint8Array, metainfo: Metainfo): OldState {
  const { records, end, tail } = decodeRecords(bytes);
  // What changed these bytes may have changed others, the data among them.
  if (tail === "corrupt") return { kind: "damaged" };
  const state = replayRecords(records, metainfo.geometry, readBootId());
  return state === undefined ? { kind: "damaged" } : { kind: "state", state, end };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
