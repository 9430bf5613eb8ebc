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

const NOBODY: Verdict = { guilty: [], suspects: undefined };

/** The wrong copies of pieces that several sources had a part in. */
export class Blame {
  readonly #attempts = new Map<number, Attempt[]>();
  readonly #liars = new Set<SourceId>();

  /** Judges a piece with a wrong hash. @param digests of its blocks, in order */
  reject(piece: OpenPiece, digests: readonly string[]): Verdict {
    const contributors = [...piece.contributors()];
    // Where a known liar had a part, nobody else is suspected for it.
    if (contributors.some((source) => this.#liars.has(source))) return NOBODY;
    if (contributors.length === 1 && piece.restoredCount === 0) {
      return this.#convict(contributors, piece);
    }
    const attempts = this.#attempts.get(piece.pieceIndex) ?? [];
    attempts.push({ digests, sourceOf: piece.sourceOf });
    if (attempts.length > MAX_ATTEMPTS) attempts.shift();
    if (contributors.length > 0) this.#attempts.set(piece.pieceIndex, attempts);
    return { guilty: [], suspects: this.#suspects(piece.pieceIndex) };
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
    for (const source of liars) this.#liars.add(source);
    return [...liars];
  }

  #convict(guilty: readonly SourceId[], { pieceIndex }: OpenPiece): Verdict {
    for (const source of guilty) this.#liars.add(source);
    return { guilty, suspects: this.#suspects(pieceIndex) };
  }

  /** Everybody who had a part in a wrong copy of the piece, and is not known to lie. */
  #suspects(pieceIndex: number): ReadonlySet<SourceId> | undefined {
    const attempts = this.#attempts.get(pieceIndex) ?? [];
    const suspects = new Set(attempts.flatMap(({ sourceOf }) => [...sourceOf]));
    suspects.delete(LOCAL_SOURCE);
    for (const liar of this.#liars) suspects.delete(liar);
    return suspects.size > 0 ? suspects : undefined;
  }
}
