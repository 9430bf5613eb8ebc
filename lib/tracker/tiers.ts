/**
 * The order in which a torrent's trackers are asked (BEP 12).
 *
 * Of a public torrent all tiers are asked side by side, each for itself: strict order would wait long
 * for a dead first tier. Of a private one only one tracker is asked at a time (BEP 27).
 *
 * @module
 */

/** More trackers than this are a flood that a torrent sets off, not a help. */
export const MAX_TRACKERS = 200;

/** Trackers of which one is in use at a time: tiers, the best first in each. */
export class TrackerCircle {
  readonly #tiers: string[][];
  #current: string | undefined;

  constructor(tiers: readonly (readonly string[])[]) {
    this.#tiers = tiers.map((tier) => [...tier]);
  }

  /** Who answered last. */
  get current(): string | undefined {
    return this.#current;
  }

  /** All, in the order in which to ask: who answered last, then tier by tier. */
  order(): string[] {
    const all = this.#tiers.flat();
    const current = this.#current;
    return current === undefined ? all : [current, ...all.filter((url) => url !== current)];
  }

  /** Notes that `url` answered: it moves to the front of its tier, and stays in use until it fails. */
  promote(url: string): void {
    this.#current = url;
    for (const tier of this.#tiers) {
      const at = tier.indexOf(url);
      if (at > 0) tier.unshift(...tier.splice(at, 1));
    }
  }
}

/**
 * Arranges trackers: every tier shuffled, each URL once, at most MAX_TRACKERS.
 *
 * @param random gives numbers from 0 up to 1
 */
export function arrangeTrackers(
  tiers: readonly (readonly string[])[],
  options: { readonly isPrivate: boolean; readonly random: () => number },
): TrackerCircle[] {
  const seen = new Set<string>();
  const arranged: string[][] = [];
  for (const tier of tiers) {
    const fresh = [...new Set(tier)].filter((url) => !seen.has(url))
      .slice(0, MAX_TRACKERS - seen.size);
    for (const url of fresh) seen.add(url);
    if (fresh.length > 0) arranged.push(shuffle(fresh, options.random));
  }
  if (arranged.length === 0) return [];
  if (options.isPrivate) return [new TrackerCircle(arranged)];
  return arranged.map((tier) => new TrackerCircle([tier]));
}

/** Fisher and Yates's shuffle, in place. */
function shuffle(urls: string[], random: () => number): string[] {
  for (let last = urls.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [urls[last], urls[other]];
    if (a !== undefined && b !== undefined) [urls[last], urls[other]] = [b, a];
  }
  return urls;
}
