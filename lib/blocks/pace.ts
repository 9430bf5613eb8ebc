/**
 * How many requests a peer is kept supplied with, and when it counts as stalling: pure, the clock is
 * handed in.
 *
 * A connection starts with few requests and two more for every block that comes, which triples them each
 * round trip, until the rate grows no more, or calls for no more. From then on the depth follows from the
 * measured rate: what the peer sends in a second and two round trips, so that a long fat path is filled,
 * and a slow peer does not hoard blocks.
 *
 * Where the round trip is short against what is asked for, requests are made many at a time: each write
 * costs both sides more than what it carries.
 *
 * @module
 */
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import { MAX_REQUESTS } from "./request_queue.ts";

/** What to ask at most of a peer that does not say what it queues. */
const DEFAULT_REQQ = 250;

const MIN_DEPTH = 2;

/** How much time's worth of blocks to keep asked for, besides two round trips. */
const QUEUE_MS = 1_000;

/** Over how long the rate is measured before it counts. */
const WINDOW_MS = 500;

/** How much must have come before that to tell a rate, in bytes. */
const MIN_TELLING_BYTES = 8 * BLOCK_LENGTH;

/** The share of the newest window in the rate. */
const NEWEST = 0.5;

/** Requests more for each block that comes, to begin with. */
const START_STEP = 2;

/** The share of the depth that may be missing before more is asked for, where that does no harm. */
const MAX_SLACK = 1 / 2;

/**
 * Below this, in milliseconds, a round trip does no harm: what is asked for of peers nearby is enough for
 * 150 MB/s. The first one is measured on a processor that has much to do.
 */
const SHORT_TRIP_MS = 20;

/**
 * From this on, in milliseconds, a round trip is a long one: up to here it may be we who made an answer
 * wait, and what is asked for of peers nearby is still enough for 100 MB/s.
 */
const LONG_TRIP_MS = 30;

/** From this on, in milliseconds, a peer takes long for a block. */
const LONG_BLOCK_MS = 50;

/** Growth of the rate in one window that keeps the start going. */
const START_GROWTH = 1.2;

/** Bounds of the silence that makes a peer with requests outstanding a stalling one. */
const MIN_STALL_MS = 2_000;
const MAX_STALL_MS = 20_000;

/** The same for a peer that has not sent a block yet. */
const UNKNOWN_STALL_MS = 6_000;

/** A stall is a silence of this many times what one block takes. */
const STALL_BLOCKS = 16;

/** The share of a stall after which a peer is asked for nothing more until it answers. */
const LATE_SHARE = 1 / 4;

/** The rate of one peer, and what follows from it. */
export class Pace {
  /** Requests to have outstanding. */
  depth: number;
  /** Payload per millisecond in which something was asked for; 0 while unknown. */
  bytesPerMs = 0;
  /** The same, whether or not something was: what calls for requests. A few answers at once tell little. */
  #flow = 0;
  #limit = DEFAULT_REQQ;
  #isStarting = true;
  #windowBytes = 0;
  #windowAtMs: number | undefined;
  /** For how long of the window nothing was asked for: that tells nothing of the peer. */
  #idleMs = 0;
  #askedAtMs: number | undefined;
  #roundTripMs = Infinity;
  /** When the first block came since requests were sent to a peer that had none, and how much since then. */
  #firstAtMs: number | undefined;
  #sinceFirstBytes = 0;
  #heardAtMs = 0;
  #stallMs = UNKNOWN_STALL_MS;

  /** @param startDepth requests to begin with */
  constructor(startDepth: number) {
    this.depth = Math.max(startDepth, MIN_DEPTH);
  }

  /**
   * The peer says how many requests it queues. One fewer is asked: Transmission 3.00 drops the request
   * that fills its queue in silence, and that block never comes.
   */
  setLimit(reqq: number): void {
    this.#limit = Math.min(Math.max(reqq - 1, 1), MAX_REQUESTS);
    this.depth = Math.min(this.depth, this.#limit);
  }

  /** Requests were sent to a peer that had none: the next block measures the round trip. */
  asked(nowMs: number): void {
    this.#windowAtMs ??= nowMs;
    this.#idleMs += nowMs - this.#quietSinceMs(this.#windowAtMs);
    this.#askedAtMs = nowMs;
    this.#heardAtMs = nowMs;
    this.#firstAtMs = undefined;
  }

  /** A block came. */
  received(lengthBytes: number, nowMs: number): void {
    this.#windowBytes += lengthBytes;
    this.#heardAtMs = nowMs;
    // Judged by its rate while it sends: a peer that has stopped would look slow, and be waited for.
    this.#stallMs = this.#allowedSilenceMs();
    if (this.#askedAtMs !== undefined) {
      this.#roundTripMs = Math.min(this.#roundTripMs, nowMs - this.#askedAtMs);
      this.#askedAtMs = undefined;
    }
    if (this.#isStarting) this.#grow(lengthBytes, nowMs);
  }

  /** The silence up to now is not the peer's. */
  excuse(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  /** Takes stock. @param outstanding requests: a time in which nothing was asked for tells nothing */
  tick(nowMs: number, outstanding: number): void {
    if (outstanding === 0 && this.#windowBytes === 0) {
      this.#windowAtMs = undefined;
      this.#idleMs = 0;
      return;
    }
    const windowAtMs = this.#windowAtMs ?? nowMs;
    if (nowMs - windowAtMs < WINDOW_MS) return;
    const untilMs = outstanding === 0 ? this.#quietSinceMs(windowAtMs) : nowMs;
    const newest = this.#windowBytes / Math.max(untilMs - windowAtMs - this.#idleMs, 1);
    const newestFlow = this.#windowBytes / (nowMs - windowAtMs);
    if (this.#isStarting && this.bytesPerMs > 0 && newest < this.bytesPerMs * START_GROWTH) {
      this.#isStarting = false;
    }
    this.bytesPerMs = averaged(this.bytesPerMs, newest);
    this.#flow = averaged(this.#flow, newestFlow);
    this.#windowBytes = 0;
    this.#windowAtMs = nowMs;
    this.#idleMs = 0;
    if (this.#isStarting) return;
    this.depth = Math.min(Math.max(this.#depthFor(this.#flow), MIN_DEPTH), this.#limit);
  }

  /** The shortest round trip that was measured; Infinity while none was. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** Whether a round trip to the peer, as measured, is a short one. */
  get isNear(): boolean {
    return this.#roundTripMs < SHORT_TRIP_MS;
  }

  /** Whether it is a long one. */
  get isFar(): boolean {
    return this.#roundTripMs >= LONG_TRIP_MS && this.#roundTripMs < Infinity;
  }

  /** Whether the peer takes long to send a block. */
  get isSlow(): boolean {
    return (this.drainMs(1) ?? 0) >= LONG_BLOCK_MS;
  }

  /** How many requests it would have if it could: more than its depth while that grows. */
  get wanted(): number {
    return this.#isStarting ? Math.min(this.depth * (1 + START_STEP), this.#limit) : this.depth;
  }

  /** How many of `depth` requests may be missing without the peer ever running out of them. */
  slack(depth: number): number {
    const most = Math.floor(depth * MAX_SLACK);
    if (this.isNear) return most;
    if (this.bytesPerMs === 0) return 0;
    const onTheWay = (this.bytesPerMs * this.#roundTripMs) / BLOCK_LENGTH;
    return Math.max(0, Math.min(most, Math.floor(depth - 2 * onTheWay)));
  }

  /** How long the peer takes to answer so many requests, in milliseconds; undefined while unknown. */
  drainMs(requests: number): number | undefined {
    return this.#rate === 0 ? undefined : (requests * BLOCK_LENGTH) / this.#rate;
  }

  /** When the last of so many requests, made now, would be answered: no sooner than a round trip takes. */
  answerMs(requests: number): number | undefined {
    const drainMs = this.drainMs(requests);
    if (drainMs === undefined || !Number.isFinite(this.#roundTripMs)) return drainMs;
    return Math.max(drainMs, this.#roundTripMs);
  }

  /** Whether a peer with requests outstanding has been silent for too long. */
  isStalled(nowMs: number): boolean {
    return nowMs - this.#heardAtMs > this.#stallMs;
  }

  /** Whether it has been silent for long enough not to be asked for more. */
  isLate(nowMs: number): boolean {
    return nowMs - this.#heardAtMs > this.#stallMs * LATE_SHARE;
  }

  /** Since when nothing has come, in the window. */
  #quietSinceMs(windowAtMs: number): number {
    return Math.max(this.#heardAtMs, windowAtMs);
  }

  /** Payload per millisecond: before the first window is over, by what has come, if that is much; 0 while unknown. */
  get #rate(): number {
    if (this.bytesPerMs > 0 || this.#windowAtMs === undefined) return this.bytesPerMs;
    const windowMs = this.#heardAtMs - this.#windowAtMs - this.#idleMs;
    if (windowMs <= 0 || this.#windowBytes < MIN_TELLING_BYTES) return 0;
    return this.#windowBytes / windowMs;
  }

  /**
   * Asks for more than before, if the rate since the first block calls for it. That one tells nothing: a
   * slow peer, too, may answer at once, and what it hoards then keeps whole runs in memory.
   */
  #grow(lengthBytes: number, nowMs: number): void {
    if (this.#firstAtMs === undefined) {
      this.#firstAtMs = nowMs;
      this.#sinceFirstBytes = 0;
      return;
    }
    this.#sinceFirstBytes += lengthBytes;
    const enough = this.#depthFor(this.#sinceFirstBytes / (nowMs - this.#firstAtMs));
    if (enough > this.depth) this.depth = Math.min(this.depth + START_STEP, enough, this.#limit);
  }

  /** How many requests a rate calls for. */
  #depthFor(bytesPerMs: number): number {
    const roundTripMs = Number.isFinite(this.#roundTripMs) ? this.#roundTripMs : 0;
    return Math.ceil((bytesPerMs * (QUEUE_MS + 2 * roundTripMs)) / BLOCK_LENGTH);
  }

  #allowedSilenceMs(): number {
    if (this.#rate === 0) return UNKNOWN_STALL_MS;
    const blocksMs = (STALL_BLOCKS * BLOCK_LENGTH) / this.#rate;
    return Math.min(Math.max(blocksMs, MIN_STALL_MS), MAX_STALL_MS);
  }
}

/** A rate after one more window. */
function averaged(rate: number, newest: number): number {
  return rate === 0 ? newest : rate + NEWEST * (newest - rate);
}
