/**
 * Hashing many pieces: cut into ranges that can be shared out, and put together again. The check at the
 * start of a download and `verify` both go through here.
 *
 * @module
 */
import { emptyBits, hasBit, setBit } from "../base/bits.ts";
import type { Geometry } from "../torrent/geometry.ts";
import type { Findings, PieceRange } from "./piece_hasher.ts";
import type { CheckProgress } from "./store.ts";

/** How much is hashed before others get their turn, in bytes: a longer piece is a range of its own. */
const RANGE_LENGTH = 4 * 1024 * 1024;

/** The same in pieces, for those that are not wanted count, too. */
const MAX_RANGE_PIECES = 64 * 1024;

/** What hashing found, of all ranges together. */
export interface Hashed {
  /** A bit per piece, set where the hash is right. */
  readonly right: Uint8Array;
  /** As in Findings. */
  readonly dataBytes: ReadonlyMap<number, number>;
  /** As in Findings. */
  readonly unreadable: ReadonlyMap<number, string>;
}

/** Hashes pieces, wherever the work is done. */
export interface Hasher {
  /** Hashes the pieces whose bit is set. @throws the signal's reason */
  hash(
    wanted: Uint8Array,
    options: { readonly signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Hashed, undefined>;
}

/** The wanted pieces, in ranges that take about the same time. */
export function* planRanges(geometry: Geometry, wanted: Uint8Array): Generator<PieceRange, void> {
  let first = 0;
  let lengthBytes = 0;
  for (let pieceIndex = 0; pieceIndex < geometry.pieceCount; pieceIndex++) {
    const isWanted = hasBit(wanted, pieceIndex);
    const next = isWanted ? geometry.pieceLength(pieceIndex) : 0;
    const isLong = lengthBytes + next > RANGE_LENGTH || pieceIndex - first >= MAX_RANGE_PIECES;
    if (isLong && lengthBytes > 0) {
      yield { first, end: pieceIndex };
      lengthBytes = 0;
    }
    if (lengthBytes === 0) first = pieceIndex;
    lengthBytes += next;
  }
  if (lengthBytes > 0) yield { first, end: geometry.pieceCount };
}

/** The findings of many ranges, as they come in. */
export class HashedSoFar implements Hashed {
  readonly right: Uint8Array;
  readonly dataBytes = new Map<number, number>();
  readonly unreadable = new Map<number, string>();
  readonly #geometry: Geometry;
  /** The end of the furthest range, in bytes: those that come late do not set it back. */
  #checkedBytes = 0;

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
    this.right = emptyBits(geometry.pieceCount);
  }

  /** Takes in what one range brought. */
  add({ end }: PieceRange, findings: Findings): void {
    for (const pieceIndex of findings.right) setBit(this.right, pieceIndex);
    for (const [fileIndex, bytes] of findings.dataBytes) {
      this.dataBytes.set(fileIndex, (this.dataBytes.get(fileIndex) ?? 0) + bytes);
    }
    for (const [fileIndex, code] of findings.unreadable) this.unreadable.set(fileIndex, code);
    const last = end - 1;
    const reached = this.#geometry.pieceOffset(last) + this.#geometry.pieceLength(last);
    this.#checkedBytes = Math.max(this.#checkedBytes, reached);
  }

  /** How far it is. */
  get progress(): CheckProgress {
    return { checkedBytes: this.#checkedBytes, totalBytes: this.#geometry.totalLength };
  }
}
