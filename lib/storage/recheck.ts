/**
 * Hashes what the journal does not vouch for, what is likely to be there first.
 *
 * After a kill that is the piece or two that were in flight, somewhere in a file that is mostly a hole.
 * Once they are found, the room that the file takes is accounted for, and its holes need not be read.
 *
 * @module
 */
import type { Metainfo } from "../torrent/metainfo.ts";
import { emptyBits, hasBit, setBit, unite } from "../base/bits.ts";
import { hashPieces, type HashPiecesOptions } from "./check.ts";
import type { Files } from "./files.ts";
import { isVouchedFor, type OldState } from "./old_state.ts";
import type { Presence } from "./presence.ts";
import { readRun } from "./run.ts";
import type { CheckProgress } from "./store.ts";
import { isZero } from "./zeros.ts";

/** How many bytes at each end of a piece tell whether something was written. */
const PROBE_LENGTH = 256;

/** What hashUnvouched() needs to know. */
export interface HashUnvouchedOptions {
  readonly presence: Presence;
  readonly old: OldState;
  readonly signal: AbortSignal;
}

/** Returns a bit per piece, set where the hash is right. @throws {StorageError} */
export async function* hashUnvouched(
  metainfo: Metainfo,
  files: Files,
  options: HashUnvouchedOptions,
): AsyncGenerator<CheckProgress, Uint8Array, undefined> {
  const { presence, old, signal } = options;
  const tried = emptyBits(metainfo.geometry.pieceCount);
  const mayHold = (pieceIndex: number) =>
    !isVouchedFor(old, pieceIndex) && presence.mayHold(pieceIndex);
  const read: HashPiecesOptions["read"] = (offset, bytes) =>
    readRun(metainfo.geometry, { offset, bytes }, async (span, part) => {
      part.fill(0, await files.read(span.fileIndex, span.fileOffset, part));
      presence.found(span.fileIndex, span.fileOffset, part);
    });
  if (old.kind !== "state") {
    return yield* hashPieces(metainfo, { signal, read, wants: mayHold });
  }
  const isLikely = (pieceIndex: number) => {
    if (!mayHold(pieceIndex) || !hasData(metainfo, files, pieceIndex)) return false;
    setBit(tried, pieceIndex);
    return true;
  };
  const reported = { bytes: -1 };
  const found = yield* rising(hashPieces(metainfo, { signal, read, wants: isLikely }), reported);
  const wants = (pieceIndex: number) => !hasBit(tried, pieceIndex) && mayHold(pieceIndex);
  return unite(
    found,
    yield* rising(hashPieces(metainfo, { signal, read, wants }), reported),
  );
}

/** Two passes, one progress: what would step back is not reported. */
async function* rising(
  pass: AsyncGenerator<CheckProgress, Uint8Array, undefined>,
  reported: { bytes: number },
): AsyncGenerator<CheckProgress, Uint8Array, undefined> {
  try {
    for (;;) {
      const next = await pass.next();
      if (next.done) return next.value;
      if (next.value.checkedBytes <= reported.bytes) continue;
      reported.bytes = next.value.checkedBytes;
      yield next.value;
    }
  } finally {
    await pass.return(new Uint8Array(0));
  }
}

/** Whether something but zeros stands at the start or the end of the piece. */
function hasData(metainfo: Metainfo, files: Files, pieceIndex: number): boolean {
  const { geometry } = metainfo;
  const start = geometry.pieceOffset(pieceIndex);
  const end = start + geometry.pieceLength(pieceIndex);
  return [start, Math.max(start, end - PROBE_LENGTH)].some((offset) => {
    for (const span of geometry.spans(offset, Math.min(PROBE_LENGTH, end - offset))) {
      if (span.isPadding) continue;
      const probe = new Uint8Array(span.lengthBytes);
      files.peek(span.fileIndex, span.fileOffset, probe);
      if (!isZero(probe)) return true;
    }
    return false;
  });
}
