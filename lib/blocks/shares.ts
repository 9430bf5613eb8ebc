/**
 * How many requests each peer may have outstanding when not all can have what they want: pure.
 *
 * @module
 */
import { BLOCK_LENGTH } from "../torrent/geometry.ts";

/** Requests that a peer gets however many share the budget. */
export const MIN_SHARE = 4;

/** What all peers nearby may be asked for at once, where they are few: more would only wait, in their memory or ours. */
export const NEAR_REQUESTS = 192;

/**
 * A turn is what a peer sends in so long, in milliseconds, up to all that those nearby are asked for: one
 * long queue after the other is read and stored in large steps.
 */
const TURN_MS = 250;

/** Less than a full run or two is no turn. */
const MIN_TURN = 64;

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

/** What a share depends on, of one peer and of us. */
export interface Sharer {
  /** Whether we read under a limit. */
  readonly isLimited: boolean;
  /** Whether peers have waited for us to store what they sent: then turns cost no time. */
  readonly isSaturated: boolean;
  /** Whether a round trip to the peer is a short one. */
  readonly isNear: boolean;
  /** How long it takes for a block, in milliseconds; undefined while unknown. */
  readonly blockMs: number | undefined;
}

/** What a peer gets at least. */
export function leastShare({ isLimited, isSaturated, isNear, blockMs = 0 }: Sharer): number {
  if (isLimited) return 1;
  const turn = Math.min(NEAR_REQUESTS, Math.floor(TURN_MS / blockMs));
  return isSaturated && isNear && turn >= MIN_TURN ? turn : MIN_SHARE;
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
