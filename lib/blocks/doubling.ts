/**
 * In end game, and where slow sources keep the room that others wait for: whether to ask a second source
 * for what a first one is asked for.
 *
 * @module
 */
import type { Ledger, OpenPiece, Source, SourceId } from "../ledger.ts";
import type { Pace } from "./pace.ts";
import type { RequestQueue } from "./request_queue.ts";

/** How many sources are asked for one block, in end game; before that, one less. */
export const MAX_REQUESTERS = 3;

/** A source is asked for what another one is, when that one takes this many times as long. */
const DOUBLING_FACTOR = 2;

/** How much longer, at least, in milliseconds. */
const DOUBLING_MARGIN_MS = 100;

/**
 * While there are pieces left to open: how long the one that is asked must take, and the other one may, in
 * milliseconds. Those that are slow, too, would only take the place of a quick one.
 */
const MIN_SLOW_MS = 3_000;
const MAX_QUICK_MS = 250;

/** How often the same source looks for such blocks, in milliseconds. */
const EARLY_INTERVAL_MS = 100;

/** How long each takes, in milliseconds; undefined while that is unknown. */
export interface DoublingCase {
  /** The source in question. */
  readonly ownMs: number | undefined;
  /** The one that is asked; Infinity when it does not answer. */
  readonly othersMs: number | undefined;
  /** Whether no more may be asked after this one. */
  readonly isLastPlace: boolean;
  /** Whether pieces are left to open. @default false */
  readonly isEarly?: boolean;
}

/** Whether a source would deliver a block much sooner than whoever is asked for it. Pure. */
export function isWorthDoubling(
  { ownMs, othersMs, isLastPlace, isEarly = false }: DoublingCase,
): boolean {
  if (isEarly) {
    // Of those who may yet prove quick, most will.
    if (ownMs === undefined || othersMs === undefined || isLastPlace) return false;
    return ownMs <= MAX_QUICK_MS && othersMs > MIN_SLOW_MS;
  }
  // Any of those who may yet prove quick is given one helper, not two. The last place is for one that is
  // known to answer, beside one that is known not to: else all would be asked for everything twice over.
  if (othersMs === undefined) return !isLastPlace;
  if (ownMs === undefined) return othersMs === Infinity && !isLastPlace;
  return othersMs > DOUBLING_FACTOR * ownMs + DOUBLING_MARGIN_MS;
}

/** Whether one source is to help others out. */
export interface Helper {
  /** Whether it would deliver a block much sooner than somebody who is asked for any. */
  mayHelp(): boolean;
  /** Whether it would deliver this block much sooner than whoever was asked for it last. */
  helpsWith(piece: OpenPiece, block: number): boolean;
}

/** What each knows of the others. */
export interface DoublingShared {
  /** Tells whether it is end game. */
  readonly ledger: Ledger;
  /** Whether somebody is slow, for whose blocks others may be asked before end game; may be a little old. */
  readonly hasSlow: boolean;
  /** How long that source takes for all it is asked; see Doubling. */
  drainMs(source: SourceId | undefined): number | undefined;
  /** Whether that of somebody who is asked for anything fits. */
  someDrain(fits: (drainMs: number | undefined) => boolean): boolean;
}

/** What a Doubling judges by: what is known of one peer, and of the others. */
export interface DoublingOptions {
  readonly source: Source;
  readonly queue: RequestQueue;
  readonly pace: Pace;
  readonly shared: DoublingShared;
  /** The peer's clock, in milliseconds. */
  readonly now: () => number;
}

/** Judges for one peer. */
export class Doubling implements Helper {
  readonly #options: DoublingOptions;
  #lastEarlyMs = -Infinity;

  constructor(options: DoublingOptions) {
    this.#options = options;
  }

  /** Whether the peer is asked for anything. */
  get isAsked(): boolean {
    return this.#options.queue.length > 0;
  }

  /** How long answers to all it is asked take, in milliseconds; Infinity of the silent, undefined if unknown. */
  get drainMs(): number | undefined {
    const { queue: { length }, pace, now } = this.#options;
    return length === 0 || pace.isLate(now()) ? Infinity : pace.drainMs(length);
  }

  /** Whether the peer takes very long for what it is asked. */
  get isSlow(): boolean {
    return this.isAsked && (this.drainMs ?? 0) > MIN_SLOW_MS;
  }

  mayHelp(): boolean {
    const { source, shared } = this.#options;
    // Who stalls is asked to learn when it is back, and must not take the place of who answers.
    if (!source.isServing) return false;
    const ownMs = this.#nextMs;
    if (this.#isEarly) {
      return shared.hasSlow && (ownMs ?? Infinity) <= MAX_QUICK_MS && this.#isTime();
    }
    const isLastPlace = false;
    return shared.someDrain((othersMs) => isWorthDoubling({ ownMs, othersMs, isLastPlace }));
  }

  /** Once in a while: what there is to find is found by one walk over all that is open. */
  #isTime(): boolean {
    const nowMs = this.#options.now();
    if (nowMs - this.#lastEarlyMs < EARLY_INTERVAL_MS) return false;
    this.#lastEarlyMs = nowMs;
    return true;
  }

  helpsWith(piece: OpenPiece, block: number): boolean {
    const { queue, shared } = this.#options;
    const isWorthIt = isWorthDoubling({
      ownMs: this.#nextMs,
      othersMs: shared.drainMs(piece.sourceOf[block]),
      isLastPlace: (piece.requesters[block] ?? 0) >= MAX_REQUESTERS - 1,
      isEarly: this.#isEarly,
    });
    return isWorthIt && !queue.has(piece.pieceIndex, block);
  }

  get #isEarly(): boolean {
    return !this.#options.shared.ledger.isEndGame;
  }

  /** How long an answer to one request more would take, in milliseconds; undefined if unknown. */
  get #nextMs(): number | undefined {
    const { queue, pace } = this.#options;
    return pace.answerMs(queue.length + 1);
  }
}
