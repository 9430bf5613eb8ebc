/**
 * Who is asked for how much when there is not enough for all, and who is asked again when there is.
 *
 * @module
 */
import { MAX_WAITING_BYTES, USUAL_BYTES } from "../ledger/budget.ts";
import { drop, strandedRuns } from "../ledger/stranded.ts";
import type { Ledger } from "../ledger.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import type { Downloader } from "./downloader.ts";
import { fairShare, limitedRequests, MIN_SHARE, NEAR_REQUESTS } from "./shares.ts";

/**
 * With no more peers than this, each learns at once of a new piece, and of what the others want; of more,
 * a few times a second.
 */
export const MAX_PROMPT = 24;

/** So many times as many peers are a reason to share out anew before the next tick. */
const MUCH_GROWTH = 1.25;

/** What is shared, and by whom. */
export interface SharingOptions {
  readonly ledger: Ledger;
  /** The limit that reading is under, in bytes per second; undefined for none. */
  readonly bytesPerSecond: number | undefined;
  /** All there are at present. */
  downloaders(): Iterable<Downloader>;
}

/** Shares the budget out among the downloaders. */
export class Sharing {
  readonly #options: SharingOptions;
  readonly #idle = new Set<Downloader>();
  /** Unknown when it has to be worked out anew. */
  #share: number | undefined;
  /** How many there were when it was. */
  #sharers = 0;
  #hasSlow = false;
  #isWaking = false;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  /** How many requests anybody may have outstanding. */
  get share(): number {
    this.#share ??= this.#divide();
    return this.#share;
  }

  /** Whether somebody is slow with what it is asked for, as of the last time that it was divided. */
  get hasSlow(): boolean {
    return this.#hasSlow;
  }

  /** What somebody wants has changed. @param count of downloaders */
  changed(count: number): void {
    const hasGrown = count > this.#sharers * MUCH_GROWTH;
    if (count <= MAX_PROMPT || hasGrown) this.#share = undefined;
  }

  /** Divides anew, and asks those who may get more now; called a few times a second. */
  shareOut(): void {
    this.#share = this.#divide();
    if (this.#idle.values().some(({ source }) => source.isServing)) this.#makeRoom();
    this.wakeIdle();
  }

  /** The downloader found nothing to ask for. */
  idle(downloader: Downloader): void {
    this.#idle.add(downloader);
  }

  /** The downloader has gone. */
  left(downloader: Downloader): void {
    this.#idle.delete(downloader);
  }

  /**
   * Lets the idle ask again, once, after whatever made work for them is done, and no more than there is
   * work for: those first who were busy last. A few whose queues stay long answer in large steps, where
   * many that take turns answer in small ones.
   */
  wakeIdle(): void {
    if (this.#isWaking || this.#idle.size === 0) return;
    this.#isWaking = true;
    queueMicrotask(() => {
      this.#isWaking = false;
      // A copy: who finds nothing is idle again, and not asked twice.
      for (const downloader of [...this.#idle].reverse()) {
        if (!this.#hasWork()) return;
        if (this.#idle.delete(downloader)) downloader.wake();
      }
    });
  }

  #hasWork(): boolean {
    const { isEndGame, openWithFree, budget } = this.#options.ledger;
    return isEndGame || openWithFree.size > 0 || budget.hasRoom("usual");
  }

  /** Sets what is given out to what is needed for all to be busy. @returns the share of each */
  #divide(): number {
    const { ledger, bytesPerSecond } = this.#options;
    const { budget } = ledger;
    const wants: number[] = [];
    let late = 0;
    let lateWants = 0;
    let tripMs = Infinity;
    this.#hasSlow = false;
    for (const downloader of this.#options.downloaders()) {
      const { wanted } = downloader;
      wants.push(wanted);
      tripMs = Math.min(tripMs, downloader.roundTripMs);
      this.#hasSlow ||= downloader.doubling.isSlow;
      if (!downloader.isFarOrSlow) continue;
      late++;
      lateWants += wanted;
    }
    this.#sharers = wants.length;
    const near = Math.max(NEAR_REQUESTS, (wants.length - late) * MIN_SHARE);
    // What nobody works at keeps nobody busy.
    const idleBytes = MAX_WAITING_BYTES + budget.bytesOf(strandedRuns(ledger).length);
    budget.usualBytes = Math.min((near + lateWants) * BLOCK_LENGTH + idleBytes, USUAL_BYTES);
    const most = (budget.usualBytes - idleBytes) / BLOCK_LENGTH;
    const limited = bytesPerSecond === undefined
      ? Infinity
      : limitedRequests(bytesPerSecond, tripMs);
    return fairShare(wants, Math.min(most, limited));
  }

  /** Drops what nobody can finish, oldest first, until there is room for what somebody can. */
  #makeRoom(): void {
    const { ledger } = this.#options;
    if (ledger.budget.hasRoom("usual")) return;
    for (const run of strandedRuns(ledger)) {
      drop(ledger, run);
      if (ledger.budget.hasRoom("usual")) return;
    }
  }
}
