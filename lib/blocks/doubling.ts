/**
 * In end game: whether to ask a second source for what a first one is asked for. Pure.
 *
 * @module
 */

/** A source is asked for what another one is, when that one takes this many times as long. */
const DOUBLING_FACTOR = 2;

/** How much longer, at least, in milliseconds. */
const DOUBLING_MARGIN_MS = 100;

/** How long each takes, in milliseconds; undefined while that is unknown. */
export interface DoublingCase {
  /** The source in question. */
  readonly ownMs: number | undefined;
  /** The one that is asked; Infinity when it does not answer. */
  readonly othersMs: number | undefined;
  /** Whether no more may be asked after this one. */
  readonly isLastPlace: boolean;
}

/** Whether a source would deliver a block much sooner than whoever is asked for it. */
export function isWorthDoubling({ ownMs, othersMs, isLastPlace }: DoublingCase): boolean {
  // Any of those who may yet prove quick is given one helper, not two. The last place is for one that is
  // known to answer, beside one that is known not to: else all would be asked for everything twice over.
  if (othersMs === undefined) return !isLastPlace;
  if (ownMs === undefined) return othersMs === Infinity && !isLastPlace;
  return othersMs > DOUBLING_FACTOR * ownMs + DOUBLING_MARGIN_MS;
}
