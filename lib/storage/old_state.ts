/**
 * What an earlier run left in the journal, judged. This is the one place that decides what to make of
 * a bad one: nothing in it is believed, and everything is hashed.
 *
 * @module
 */
import { countBits, hasBit, unite } from "../base/bits.ts";
import { readBootId } from "./boot_id.ts";
import { decodeHeader, decodeRecords, type JournalHeader } from "./journal.ts";
import type { JournalFile } from "./journal_file.ts";
import { type JournalState, replayRecords } from "./journal_state.ts";
import type { Presence } from "./presence.ts";
import type { Resumed } from "./store.ts";
import type { StoredTorrent } from "./stored_torrent.ts";

/** What the journal says of the past. */
export type OldState =
  /** There was no journal, or files that it called complete were written since: they may be anybody's. */
  | { readonly kind: "none" }
  /** It is of another torrent. */
  | { readonly kind: "foreign" }
  /** It is damaged, of another format, or does not fit what is on the disk. */
  | { readonly kind: "damaged" }
  /** It holds, up to `end` bytes, but for the blocks of these pieces: they cannot be there any more. */
  | {
    readonly kind: "state";
    readonly state: JournalState;
    readonly end: number;
    readonly gone: readonly number[];
  };

/** The header of this torrent's journal. */
export function headerOf(torrent: StoredTorrent): JournalHeader {
  const { infoHash, pieceLength, geometry } = torrent;
  const { totalLength, pieceCount } = geometry;
  return { infoHash, totalLength, pieceLength, pieceCount };
}

/** Reads and judges the journal. @throws {StorageError} when it cannot be read at all */
export function readOldState(
  journal: Pick<JournalFile, "end" | "read">,
  torrent: StoredTorrent,
): OldState {
  if (journal.end === 0) return { kind: "none" };
  const bytes = journal.read();
  const header = bytes === undefined ? undefined : decodeHeader(bytes);
  if (bytes === undefined || header === undefined) return { kind: "damaged" };
  const ours = headerOf(torrent);
  if (!isSame(header.infoHash, ours.infoHash)) return { kind: "foreign" };
  const fits = header.totalLength === ours.totalLength &&
    header.pieceLength === ours.pieceLength && header.pieceCount === ours.pieceCount;
  return fits ? judgeRecords(bytes, torrent) : { kind: "damaged" };
}

/**
 * The state, unless it vouches for bytes that cannot be there: then it is not of these files.
 *
 * @param writtenAtMs when the journal was last written: once everything is verified, nothing is later
 */
export function fitting(old: OldState, presence: Presence, writtenAtMs: number): OldState {
  if (old.kind !== "state") return old;
  const { verified } = old.state;
  for (let pieceIndex = 0; pieceIndex < presence.pieceCount; pieceIndex++) {
    if (hasBit(verified, pieceIndex) && !presence.reaches(pieceIndex)) return { kind: "damaged" };
  }
  const isComplete = countBits(verified) === presence.pieceCount;
  if (isComplete && presence.modifiedAtMs > writtenAtMs) return { kind: "none" };
  const partial = new Map(old.state.partial);
  const gone = [...partial.keys().filter((pieceIndex) => !presence.reaches(pieceIndex))];
  for (const pieceIndex of gone) partial.delete(pieceIndex);
  return { ...old, state: { ...old.state, partial }, gone };
}

/** Whether the piece needs no hashing: it is verified, or known to lack blocks. */
export function isVouchedFor(old: OldState, pieceIndex: number): boolean {
  return old.kind === "state" &&
    (hasBit(old.state.verified, pieceIndex) || old.state.partial.has(pieceIndex));
}

/** What the state vouches for together with what hashing found. */
export function withHashed(old: OldState, hashed: Uint8Array): Resumed {
  if (old.kind !== "state") return { verified: hashed, partial: new Map() };
  return { verified: unite(old.state.verified, hashed), partial: old.state.partial };
}

function judgeRecords(bytes: Uint8Array, torrent: StoredTorrent): OldState {
  const { records, end, tail } = decodeRecords(bytes);
  // What changed these bytes may have changed others, the data among them.
  if (tail === "corrupt") return { kind: "damaged" };
  const state = replayRecords(records, torrent.geometry, readBootId());
  return state === undefined ? { kind: "damaged" } : { kind: "state", state, end, gone: [] };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
