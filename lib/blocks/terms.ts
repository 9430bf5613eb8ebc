/**
 * What a peer grants, denies and loses, beyond choking (BEP 6, 54): pure, the clock is handed in.
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

/** A peer that loses more pieces than this only makes us work. */
const MAX_LOSSES = 1_000;

/**
 * Times that a peer may say all that it has, which is meant to be said once (BEP 6): five bytes that cost a
 * walk over all pieces, of which one read could bring thousands.
 */
const MAX_ANNOUNCEMENTS = 100;

/** What one peer has granted, denied and lost. */
export class Terms {
  /** Pieces that may be asked for while it chokes us. */
  readonly allowed = new Set<number>();
  #pausedUntilMs = -Infinity;
  #rejections = 0;
  #receivedBytes = 0;
  #losses = 0;
  #announcements = 0;

  /** A piece may be asked for while the peer chokes us. */
  allow(pieceIndex: number): void {
    if (this.allowed.size < MAX_ALLOWED) this.allowed.add(pieceIndex);
  }

  /**
   * A request of ours was rejected, though the peer does not choke us or allows the piece.
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

  /** The peer has said all that it has. @throws {PeerError} at too many times */
  announced(): void {
    this.#announcements++;
    if (this.#announcements <= MAX_ANNOUNCEMENTS) return;
    throw new PeerError("Peer says again and again what it has", "protocol");
  }

  /** A piece is not there any more. @throws {PeerError} at too many */
  lost(): void {
    this.#losses++;
    if (this.#losses > MAX_LOSSES) throw new PeerError("Peer loses piece after piece", "protocol");
  }

  /** Whether the peer is better left alone for a while. */
  isPaused(nowMs: number): boolean {
    return nowMs < this.#pausedUntilMs;
  }
}
