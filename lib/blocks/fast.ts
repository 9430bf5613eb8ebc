/**
 * What a peer grants and denies beyond choking (BEP 6): pure, the clock is handed in.
 *
 * @module
 */
import { PeerError } from "../base/errors.ts";

/** Pieces that a peer may let us ask for while it chokes us; more are not remembered. */
const MAX_ALLOWED = 64;

/** How long a peer that has rejected a request is not asked for more: else it would be the same again. */
const PAUSE_MS = 1_000;

/** Rejections in a row, without a block, after which a peer is closed: it offers what it does not give. */
const MAX_REJECTIONS = 2_000;

/** What one peer has granted and denied. */
export class FastTerms {
  /** Pieces that may be asked for while it chokes us. */
  readonly allowed = new Set<number>();
  #pausedUntilMs = -Infinity;
  #rejections = 0;
  #receivedBytes = 0;

  /** A piece may be asked for while the peer chokes us. */
  allow(pieceIndex: number): void {
    if (this.allowed.size < MAX_ALLOWED) this.allowed.add(pieceIndex);
  }

  /**
   * A request of ours was rejected, though the peer does not choke us.
   *
   * @param receivedBytes all that it has given
   * @throws {PeerError} at too many with nothing given between
   */
  rejected(nowMs: number, receivedBytes: number): void {
    this.#pausedUntilMs = nowMs + PAUSE_MS;
    if (receivedBytes !== this.#receivedBytes) this.#rejections = 0;
    this.#receivedBytes = receivedBytes;
    this.#rejections++;
    if (this.#rejections > MAX_REJECTIONS) {
      throw new PeerError("Peer rejects what it offers", "protocol");
    }
  }

  /** Whether the peer is better left alone for a while. */
  isPaused(nowMs: number): boolean {
    return nowMs < this.#pausedUntilMs;
  }
}
