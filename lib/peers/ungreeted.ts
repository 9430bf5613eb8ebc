/**
 * Accepted connections that have not shown a handshake yet, bounded: whoever opens many and says nothing
 * takes the place of his own, then of whoever has been silent longest.
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";

/** How many there may be in all. */
const MAX_UNGREETED = 64;

/** How many of them may be of one host. */
const MAX_PER_HOST = 32;

/** What is known of such a connection; its disposal closes it, once. */
export interface Silent extends Disposable {
  readonly remote: PeerAddress;
}

/** The connections, the oldest first; it owns none of them. */
export class Ungreeted {
  readonly #silent = new Set<Silent>();

  /** How many there are. */
  get size(): number {
    return this.#silent.size;
  }

  /** Takes up a new one, and closes another for it if there are too many. */
  add(newest: Silent): void {
    const ofHost = [...this.#silent].filter(({ remote }) => remote.host === newest.remote.host);
    const [oldest] = ofHost.length >= MAX_PER_HOST ? ofHost : this.#silent;
    if (oldest !== undefined && (ofHost.length >= MAX_PER_HOST || this.size >= MAX_UNGREETED)) {
      this.#close(oldest);
    }
    this.#silent.add(newest);
  }

  /** It has spoken, or has gone. */
  delete(silent: Silent): void {
    this.#silent.delete(silent);
  }

  /** Closes the older half, for their descriptors; false when there is none. */
  closeHalf(): boolean {
    const older = [...this.#silent].slice(0, Math.ceil(this.size / 2));
    for (const silent of older) this.#close(silent);
    return older.length > 0;
  }

  /** At once out of the set, for its end shows later only. */
  #close(silent: Silent): void {
    this.#silent.delete(silent);
    silent[Symbol.dispose]();
  }
}
