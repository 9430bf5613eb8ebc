/**
 * Every peer address we know, and when to dial it: pure, with the clock handed in.
 *
 * @module
 */
import { formatAddress, type PeerAddress } from "../base/address.ts";

/** How many addresses are kept: a tracker or peers that name more are flooding us. */
const MAX_KNOWN = 3000;

const FIRST_BACKOFF_MS = 5_000;
const MAX_BACKOFF_MS = 30 * 60_000;

/** After this many failures in a row, a peer that once was useful counts as lost. */
const MAX_FAILURES_OF_USEFUL = 3;

/** How a connection, or the attempt at one, ended. */
export type Outcome =
  /** It could not be dialled, or there was no handshake. */
  | "unreachable"
  /** It ended without a block from it. */
  | "useless"
  /** It ended after it had sent blocks. */
  | "useful"
  /** It is never to be dialled again: banned, or ourselves. */
  | "never"
  /** We had no room or no descriptor: not its fault. */
  | "ours";

interface Known {
  readonly address: PeerAddress;
  priority: number;
  state: "ready" | "waiting" | "busy" | "never";
  dueAtMs: number;
  failures: number;
  wasUseful: boolean;
}

/** The addresses known, each in one state: ready to dial, waiting out a back-off, busy, or never again. */
export class PeerBook {
  readonly #known = new Map<string, Known>();
  readonly #ready = new Set<Known>();
  readonly #priorityOf: (address: PeerAddress) => number;
  /** Whether all priorities are as `priorityOf` says now. */
  #isRanked = true;

  /** Knows nobody. @param priorityOf the higher, the rather dialled where not all can be (BEP 40) */
  constructor(priorityOf: (address: PeerAddress) => number = () => 0) {
    this.#priorityOf = priorityOf;
  }

  /** Takes up those addresses that are new. */
  add(addresses: readonly PeerAddress[]): void {
    for (const address of addresses) {
      const key = formatAddress(address);
      if (this.#known.has(key)) continue;
      if (this.#known.size >= MAX_KNOWN && !this.#dropOne()) return;
      const priority = this.#priorityOf(address);
      const known: Known = {
        address,
        priority,
        state: "ready",
        dueAtMs: 0,
        failures: 0,
        wasUseful: false,
      };
      this.#known.set(key, known);
      this.#ready.add(known);
    }
  }

  /** Forgets everybody but the banned: a private torrent has changed its tracker (BEP 27). */
  forget(): void {
    for (const [key, known] of this.#known) {
      if (known.state !== "never") this.#known.delete(key);
    }
    this.#ready.clear();
  }

  /** What `priorityOf` says has changed; it is asked when it matters next, for peers can make it change often. */
  rank(): void {
    this.#isRanked = false;
  }

  /**
   * The next address to dial, which is busy from then on; undefined when there is none at present. Where
   * there are places for all, who has been ready longest comes first, else whose priority is highest.
   */
  take(nowMs: number, places = Infinity): PeerAddress | undefined {
    if (this.#ready.size === 0) this.#wake(nowMs);
    const [longest] = this.#ready;
    const known = this.#ready.size > places ? this.#best() : longest;
    if (known === undefined) return undefined;
    this.#ready.delete(known);
    known.state = "busy";
    return known.address;
  }

  /** Says how it went with an address; one that was forgotten since stays so. */
  settle(address: PeerAddress, outcome: Outcome, nowMs: number): void {
    const known = this.#known.get(formatAddress(address));
    if (known === undefined || known.state === "never") return;
    this.#ready.delete(known);
    if (outcome === "never") {
      known.state = "never";
      return;
    }
    if (outcome === "useful") known.wasUseful = true;
    known.failures = outcome === "useful" ? 0 : known.failures + (outcome === "ours" ? 0 : 1);
    known.state = "waiting";
    known.dueAtMs = nowMs +
      Math.min(FIRST_BACKOFF_MS * 2 ** Math.max(known.failures - 1, 0), MAX_BACKOFF_MS);
  }

  /** When there next is an address to dial: 0 when there is one; undefined when all are busy. */
  nextDueAtMs(): number | undefined {
    if (this.#ready.size > 0) return 0;
    let next: number | undefined;
    for (const known of this.#known.values()) {
      if (known.state === "waiting" && (next === undefined || known.dueAtMs < next)) {
        next = known.dueAtMs;
      }
    }
    return next;
  }

  /**
   * Whether somebody known may still turn out useful. One that could never be reached is given up at
   * once, one that was useful before after a few failures: this decides the end of a download without
   * trackers only, whereas dialling goes on.
   */
  get hasHope(): boolean {
    for (const known of this.#known.values()) {
      if (known.state === "ready" || known.state === "busy") return true;
      if (known.state !== "waiting") continue;
      if (known.failures === 0 || (known.wasUseful && known.failures < MAX_FAILURES_OF_USEFUL)) {
        return true;
      }
    }
    return false;
  }

  #best(): Known | undefined {
    if (!this.#isRanked) {
      for (const known of this.#known.values()) known.priority = this.#priorityOf(known.address);
      this.#isRanked = true;
    }
    let best: Known | undefined;
    for (const known of this.#ready) {
      if (best === undefined || known.priority > best.priority) best = known;
    }
    return best;
  }

  #wake(nowMs: number): void {
    for (const known of this.#known.values()) {
      if (known.state !== "waiting" || known.dueAtMs > nowMs) continue;
      known.state = "ready";
      this.#ready.add(known);
    }
  }

  /**
   * Makes room: the one that failed most among those that wait, else the first of those that are never to be
   * dialled again: while we seed there is no end to them, and who is banned is refused later all the same.
   */
  #dropOne(): boolean {
    let worst: [string, Known] | undefined;
    let over: string | undefined;
    for (const entry of this.#known) {
      const [key, { state, failures }] = entry;
      if (state === "never") over ??= key;
      if (state === "waiting" && failures > (worst?.[1].failures ?? 0)) worst = entry;
    }
    const dropped = worst?.[0] ?? over;
    return dropped !== undefined && this.#known.delete(dropped);
  }
}
