/**
 * Whom to serve: the choking algorithm of BEP 3, as a pure decider.
 *
 * Every 10 s the slots go to those who give most (while we download), or to each in turn (while we only
 * give). A fifth of the slots, one at least, goes to somebody drawn by lot for 30 s: so newcomers get their
 * first pieces, and better partners are found. Between the rounds a slot that is free goes at once to
 * whoever waits and does not snub us. While there are slots for all who are interested, nobody is choked.
 *
 * @module
 */

/** How often the slots are dealt anew, in milliseconds. */
export const ROUND_MS = 10_000;

/** How long the lot holds. */
const LOT_MS = 30_000;

/** How long somebody is new: then the lot falls on him three times as likely. */
const NEW_MS = 60_000;
const NEW_WEIGHT = 3;

/** How long a turn is while we only give. */
const TURN_MS = 60_000;

/** One slot of so many is drawn by lot. */
const SLOTS_PER_LOT = 5;

/** The slots there are before anything is known of the line, and at most. */
const START_SLOTS = 8;
const MAX_SLOTS = 100;

/** So much upload, in bytes per second, is worth one more slot: none may get too thin. */
const SLOT_BYTES_PER_SECOND = 256 * 1024;

/** A peer, as the choker sees it. */
export interface Candidate {
  readonly isInterested: boolean;
  readonly isUnchoked: boolean;
  /** It does not give us what it has promised. */
  readonly isSnubbing: boolean;
  /** When it connected, by the clock of the world. */
  readonly joinedAtMs: number;
  /** When it was unchoked or choked last, or else connected. */
  readonly changedAtMs: number;
  /** What it gives us, and we give it, in bytes per second. */
  readonly receivedRate: number;
  readonly sentRate: number;
}

/** What matters beside the peers. */
export interface World {
  readonly nowMs: number;
  readonly slots: number;
  /** Whether we have everything. */
  readonly isSeeding: boolean;
}

/** How many peers to serve at once. @param bytesPerSecond what we send, measured lately */
export function slotsFor(bytesPerSecond: number): number {
  const worth = Math.floor(bytesPerSecond / SLOT_BYTES_PER_SECOND);
  return Math.min(START_SLOTS + worth, MAX_SLOTS);
}

/** Decides, and remembers on whom the lot fell. */
export class Choker<Peer extends Candidate> {
  readonly #random: () => number;
  #lucky = new Set<Peer>();
  #drawnAtMs = -Infinity;

  /** @param random in [0, 1) */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Deals the slots anew. @returns everybody who is to be unchoked, the others are to be choked */
  deal(peers: readonly Peer[], world: World): ReadonlySet<Peer> {
    const interested = peers.filter((peer) => peer.isInterested);
    // With room for all, who is served and wants nothing just now may stay: it need not wait later.
    if (interested.length <= world.slots) {
      this.#lucky.clear();
      return new Set(peers.filter((peer) => peer.isInterested || peer.isUnchoked));
    }
    const lots = Math.max(1, Math.floor(world.slots / SLOTS_PER_LOT));
    const ranked = interested.sort((a, b) => this.#compare(a, b, world));
    const served = new Set(
      ranked.filter((peer) => !isLeftToLot(peer, world)).slice(0, world.slots - lots),
    );
    this.#draw(ranked.filter((peer) => !served.has(peer)), lots, world.nowMs);
    return served.union(this.#lucky);
  }

  /** Gives free slots away, between the rounds. @returns those to be unchoked */
  fill(peers: readonly Peer[], world: World): readonly Peer[] {
    const interested = peers.filter((peer) => peer.isInterested);
    const waiting = interested.filter((peer) => !peer.isUnchoked);
    const free = world.slots - (interested.length - waiting.length);
    if (free <= 0) return [];
    if (free >= waiting.length) return waiting;
    // As at the rounds: or who is left to the lot there would be choked every time, and back a second later.
    return waiting.filter((peer) => !isLeftToLot(peer, world))
      .sort((a, b) => this.#compare(a, b, world)).slice(0, free);
  }

  #compare(a: Peer, b: Peer, world: World): number {
    return world.isSeeding ? compareTurns(a, b, world.nowMs) : b.receivedRate - a.receivedRate;
  }

  /** Keeps those on whom the lot fell, until it is drawn again. */
  #draw(others: readonly Peer[], lots: number, nowMs: number): void {
    const isOver = nowMs - this.#drawnAtMs >= LOT_MS;
    this.#lucky = isOver ? new Set() : this.#lucky.intersection(new Set(others));
    if (isOver) this.#drawnAtMs = nowMs;
    const left = others.filter((peer) => !this.#lucky.has(peer));
    while (this.#lucky.size < lots && left.length > 0) {
      const [peer] = left.splice(this.#pick(left, nowMs), 1);
      if (peer !== undefined) this.#lucky.add(peer);
    }
  }

  /** The index of one, the new ones more likely. */
  #pick(peers: readonly Peer[], nowMs: number): number {
    const weights = peers.map((peer) => nowMs - peer.joinedAtMs < NEW_MS ? NEW_WEIGHT : 1);
    let at = this.#random() * weights.reduce((sum, weight) => sum + weight, 0);
    const index = weights.findIndex((weight) => (at -= weight) < 0);
    return Math.max(index, 0);
  }
}

/** Who promises and gives nothing gets a slot by lot only. */
function isLeftToLot(peer: Candidate, { isSeeding }: World): boolean {
  return peer.isSnubbing && !isSeeding;
}

/** Those whose turn it is stay; then who has waited longest; then who takes most. */
function compareTurns(a: Candidate, b: Candidate, nowMs: number): number {
  return rankOf(a, nowMs) - rankOf(b, nowMs) || a.changedAtMs - b.changedAtMs ||
    b.sentRate - a.sentRate;
}

function rankOf({ isUnchoked, changedAtMs }: Candidate, nowMs: number): number {
  if (!isUnchoked) return 1;
  return nowMs - changedAtMs < TURN_MS ? 0 : 2;
}
