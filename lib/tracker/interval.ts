/**
 * When to announce next: what a tracker asks for, within reason.
 *
 * @module
 */
import type { AnnounceReply } from "./request.ts";

/** Used where a tracker names no interval, or a senseless one, in seconds. */
export const DEFAULT_INTERVAL_SECONDS = 30 * 60;
/** No tracker is asked more often than this, in seconds (events excepted). */
export const LEAST_INTERVAL_SECONDS = 30;
const MOST_INTERVAL_SECONDS = 24 * 60 * 60;
const STARVED_SECONDS = 60;
const FIRST_RETRY_SECONDS = 30;
const MOST_RETRY_SECONDS = 30 * 60;

/** What of a reply decides when to come back. */
export type Intervals = Pick<AnnounceReply, "intervalSeconds" | "minIntervalSeconds">;

/** An interval that can be kept: nothing, 0, less, or above a day becomes 1800 s, and 1 to 29 become 30 s. */
export function saneIntervalSeconds(seconds: number | undefined): number {
  return isSane(seconds) ? Math.max(seconds, LEAST_INTERVAL_SECONDS) : DEFAULT_INTERVAL_SECONDS;
}

function isSane(seconds: number | undefined): seconds is number {
  return seconds !== undefined && seconds > 0 && seconds <= MOST_INTERVAL_SECONDS;
}

/** How long to wait after a reply, in seconds, when we have peers enough. Never below the tracker's own minimum. */
export function regularWaitSeconds(reply: Intervals): number {
  const least = isSane(reply.minIntervalSeconds) ? reply.minIntervalSeconds : 0;
  return Math.max(saneIntervalSeconds(reply.intervalSeconds), least);
}

/** How long to wait after a reply, in seconds, when peers are lacking: the minimum where given, else half, but a minute. */
export function starvedWaitSeconds(reply: Intervals): number {
  const regular = regularWaitSeconds(reply);
  if (isSane(reply.minIntervalSeconds)) return saneIntervalSeconds(reply.minIntervalSeconds);
  return Math.min(regular, Math.max(STARVED_SECONDS, regular / 2));
}

/**
 * How long to leave a tracker alone after it failed, in seconds: doubling to half an hour, with a
 * quarter either way so that not everybody comes back at once.
 *
 * @param failures how many in a row, at least 1
 * @param random 0 to 1
 */
export function retryWaitSeconds(failures: number, random: number): number {
  const doubled = FIRST_RETRY_SECONDS * 2 ** Math.min(failures - 1, 16);
  return Math.min(doubled, MOST_RETRY_SECONDS) * (0.75 + random / 2);
}
