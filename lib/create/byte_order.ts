/**
 * Texts in the order of their bytes as UTF-8, without making bytes of them.
 *
 * @module
 */

/** Negative where `a` comes before `b`, positive where it comes after, 0 where they are the same. */
export function compareAsBytes(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at++) {
    const one = a.charCodeAt(at);
    const other = b.charCodeAt(at);
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

const FIRST_SURROGATE = 0xd800;
const AFTER_SURROGATES = 0xe000;

/** Halves of pairs stand for characters beyond U+FFFF: they come after all that need no pair. */
function rank(unit: number): number {
  if (unit < FIRST_SURROGATE) return unit;
  const isHalf = unit < AFTER_SURROGATES;
  return isHalf ? unit + 0x10000 : unit;
}
