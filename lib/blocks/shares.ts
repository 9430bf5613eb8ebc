/**
 * How many requests each peer may have outstanding when not all can have what they want: pure.
 *
 * @module
 */
import { BLOCK_LENGTH } from "../torrent/geometry.ts";

/** Requests that a peer gets however many share the budget. */
const MIN_SHARE = 4;

/** The same for one that answers at once: as many as make a full run or two, read and stored in one go. */
const MIN_NEAR_SHARE = 64;

/**
 * Under a limit: how much time's worth is asked for besides a round trip, in milliseconds. Of peers nearby
 * it comes at once, however slowly we read, and fills the buffers on the way.
 */
const LIMITED_MS = 100;

/** A longer round trip than this is our own doing, under a limit. */
const MAX_LIMITED_TRIP_MS = 1_000;

/**
 * How many requests all peers together may have outstanding under a limit: little more than what is read
 * in the time that an answer takes.
 *
 * @param tripMs of the quickest answer, for others may have waited to be read; Infinity while unknown
 */
export function limitedRequests(bytesPerSecond: number, tripMs: number): number {
  const waitMs = tripMs === Infinity ? 0 : Math.min(tripMs, MAX_LIMITED_TRIP_MS);
  return bytesPerSecond / 1000 * (LIMITED_MS + waitMs) / BLOCK_LENGTH;
}

/** What a peer gets at least. */
export function leastShare(
  { isLimited, isNear }: { readonly isLimited: boolean; readonly isNear: boolean },
): number {
  if (isLimited) return 1;
  return isNear ? MIN_NEAR_SHARE : MIN_SHARE;
}

/**
 * The most that anybody gets of `total`, so that nobody who wants more gets less than somebody else: those
 * who want little get it, the others share what is left in equal parts. Infinity when there is enough.
 */
export function fairShare(wants: readonly number[], total: number): number {
  let left = total;
  const ascending = wants.toSorted((a, b) => a - b);
  for (const [index, want] of ascending.entries()) {
    const share = left / (ascending.length - index);
    if (want > share) return share;
    left -= want;
  }
  return Infinity;
}
