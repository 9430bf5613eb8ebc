/**
 * How many requests each peer may have outstanding when not all can have what they want: pure.
 *
 * @module
 */

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
