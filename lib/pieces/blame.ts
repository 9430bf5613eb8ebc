/**
 * Who is to blame for a piece with a wrong hash: pure.
 *
 * Sent by one source alone, it is that source. Sent by several, the piece is fetched again whole from one
 * that had no part in it; then each block that differs from the right one names its sender. So liars are
 * found, and honest peers that shared a piece with one are kept.
 *
 * @module
 */
import type { OpenPiece, SourceId } from "../ledger.ts";
import { LOCAL_SOURCE } from "../ledger.ts";

/** How many wrong copies of one piece are remembered. */
const MAX_ATTEMPTS = 8;

/** A wrong copy of a piece: a digest of each block, and who sent it. */
interface Attempt {
  readonly digests: readonly string[];
  readonly sourceOf: Uint32Array;
}

/** What follows from a wrong hash. */
export interface Verdict {
  /** Who lied for certain. */
  readonly guilty: readonly SourceId[];
  /** Who may have lied: the piece is to be fetched from somebody else; undefined when nobody is suspected. */
  readonly suspects: ReadonlySet<SourceId> | undefined;
}

/** The wrong copies of pieces that several sources had a part in. */
export class Blame {
  readonly #attempts = new Map<number, Attempt[]>();

  /** Judges a piece with a wrong hash. @param digests of its blocks, in order */
  reject(piece: OpenPiece, digests: readonly string[]): Verdict {
    const contributors = piece.contributors();
    const attempts = this.#attempts.get(piece.pieceIndex) ?? [];
    const guilty = contributors.size === 1 && piece.restoredCount === 0 ? [...contributors] : [];
    if (guilty.length === 0 && contributors.size > 0) {
      attempts.push({ digests, sourceOf: piece.sourceOf });
      if (attempts.length > MAX_ATTEMPTS) attempts.shift();
      this.#attempts.set(piece.pieceIndex, attempts);
    }
    const suspects = new Set(attempts.flatMap((attempt) => [...attempt.sourceOf]));
    for (const source of guilty) suspects.delete(source);
    suspects.delete(LOCAL_SOURCE);
    return { guilty, suspects: suspects.size > 0 ? suspects : undefined };
  }

  /** Whether an earlier copy of the piece was wrong, so that the right one tells who lied. */
  isWaitingFor(pieceIndex: number): boolean {
    return this.#attempts.has(pieceIndex);
  }

  /** The piece is right now. @returns who had sent another block in its place */
  accept(pieceIndex: number, digests: readonly string[]): readonly SourceId[] {
    const liars = new Set<SourceId>();
    for (const attempt of this.#attempts.get(pieceIndex) ?? []) {
      attempt.digests.forEach((digest, block) => {
        if (digest !== digests[block]) liars.add(attempt.sourceOf[block] ?? LOCAL_SOURCE);
      });
    }
    this.#attempts.delete(pieceIndex);
    liars.delete(LOCAL_SOURCE);
    return [...liars];
  }
}
