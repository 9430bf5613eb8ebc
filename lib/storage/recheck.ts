/**
 * Hashes what the journal does not vouch for, likely pieces first.
 *
 * After a kill those are the piece or two that were in flight, somewhere in a file that is mostly a hole.
 * Once they are found, the room that the file takes is accounted for, and its holes need not be read.
 *
 * @module
 */
import { emptyBits, setBit, unite } from "../base/bits.ts";
import type { Geometry } from "../torrent/geometry.ts";
import type { Disk } from "./disk.ts";
import { atIntervals, type Hashed } from "./hashing.ts";
import { isVouchedFor, type OldState } from "./old_state.ts";
import type { Presence } from "./presence.ts";
import type { CheckProgress } from "./store.ts";

/** What is known before anything is hashed, and who hashes. */
export interface RecheckOptions {
  readonly geometry: Geometry;
  readonly presence: Presence;
  readonly old: OldState;
  readonly disk: Pick<Disk, "hash" | "probe">;
  readonly signal: AbortSignal;
}

/**
 * Yields progress that never steps back, and returns what was found.
 *
 * @throws {StorageError}
 */
export async function* hashUnvouched(
  options: RecheckOptions,
): AsyncGenerator<CheckProgress, Hashed, undefined> {
  const { geometry, presence, old, disk } = options;
  const mayHold = (pieceIndex: number) =>
    !isVouchedFor(old, pieceIndex) && presence.mayHold(pieceIndex);
  const candidates = () => bitsWhere(geometry.pieceCount, mayHold);
  const reported = { bytes: -1 };
  if (presence.isNowhere) return nothing(geometry);
  if (old.kind !== "state") return yield* hashRising(candidates(), options, reported);
  const likely = await disk.probe(candidates());
  const first = yield* hashRising(likely, options, reported);
  presence.found(first.dataBytes);
  const others = candidates().map((byte, at) => byte & ~(likely[at] ?? 0));
  const second = yield* hashRising(others, options, reported);
  return {
    right: unite(first.right, second.right),
    dataBytes: second.dataBytes,
    unreadable: new Map([...first.unreadable, ...second.unreadable]),
  };
}

/**
 * Whether something of what is there is this torrent's. Right pieces of zeros do not tell, for those are in
 * files of all kinds: where there is anything else, some of it must be right, too.
 *
 * @throws {StorageError}
 */
export async function holdsSome(
  right: Uint8Array,
  { geometry, presence, disk }: Pick<RecheckOptions, "geometry" | "presence" | "disk">,
): Promise<boolean> {
  if (isEmpty(right)) return false;
  for (const some of growing(right)) {
    if (!isEmpty(await disk.probe(some))) return true;
  }
  const reached = bitsWhere(geometry.pieceCount, (pieceIndex) => presence.reaches(pieceIndex));
  return isEmpty(await disk.probe(reached));
}

/** A set in ever larger parts: mostly the first of them tells, and the rest need not be read again. */
function* growing(bits: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let start = 0; start < bits.length; start = 2 * start + 1) {
    const end = 2 * start + 1;
    const part = bits.map((byte, at) => at >= start && at < end ? byte : 0);
    if (!isEmpty(part)) yield part;
  }
}

function isEmpty(bits: Uint8Array): boolean {
  return bits.every((byte) => byte === 0);
}

/** Several passes, one progress: what would step back is not reported. */
async function* hashRising(
  wanted: Uint8Array,
  { geometry, disk, signal }: RecheckOptions,
  reported: { bytes: number },
): AsyncGenerator<CheckProgress, Hashed, undefined> {
  if (isEmpty(wanted)) return nothing(geometry);
  const pass = atIntervals(disk.hash(wanted, { signal }));
  try {
    for (;;) {
      const next = await pass.next();
      if (next.done) return next.value;
      if (next.value.checkedBytes <= reported.bytes) continue;
      reported.bytes = next.value.checkedBytes;
      yield next.value;
    }
  } finally {
    await pass.return(nothing(geometry));
  }
}

function nothing(geometry: Geometry): Hashed {
  return { right: emptyBits(geometry.pieceCount), dataBytes: new Map(), unreadable: new Map() };
}

function bitsWhere(count: number, isSet: (index: number) => boolean): Uint8Array {
  const bits = emptyBits(count);
  for (let index = 0; index < count; index++) {
    if (isSet(index)) setBit(bits, index);
  }
  return bits;
}
