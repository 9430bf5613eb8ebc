/**
 * In end game: whether to ask a second source for what a first one is asked for. Pure.
 *
 * @module
 */

/** A source is asked for what another one is, when that one takes this many times as long. */
const DOUBLING_FACTOR = 2;

/** How much longer, at least, in milliseconds. */
const DOUBLING_MARGIN_MS = 100;

/** How long each takes, in milliseconds; Infinity for one that does not answer, or is not known to. */
export interface DoublingCase {
  /** The source in question. */
  readonly ownMs: number;
  /** The one that is asked. */
  readonly othersMs: number;
  /** Whether no more may be asked after this one. */
  readonly isLastPlace: boolean;
}

/** Whether a source would deliver a block much sooner than whoever is asked for it. */
export function isWorthDoubling({ ownMs, othersMs, isLastPlace }: DoublingCase): boolean {
  // The last place is for one that is known to answer: those that may stall must not have them all.
  if (ownMs === Infinity) return othersMs === Infinity && !isLastPlace;
  return othersMs > DOUBLING_FACTOR * ownMs + DOUBLING_MARGIN_MS;
}
