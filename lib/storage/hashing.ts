/**
 * Hashing many pieces: cut into ranges that can be shared out, and put together again. The check at the
 * start of a download, `verify` and `create` all go through here.
 *
 * @module
 */
import { emptyBits, hasBit, setBit } from "../base/bits.ts";
import { type Geometry, HASH_LENGTH } from "../torrent/geometry.ts";
import type { Findings } from "./piece_hasher.ts";
import type { PieceRange } from "./piece_sweep.ts";
import type { CheckProgress } from "./store.ts";

/** How much a thread hashes before it says so, in bytes: a longer piece is a range of its own. */
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

/** Finds the hashes of all pieces, wherever the work is done. */
export interface HashMaker {
  /**
   * 20 bytes for each piece. @throws {StorageError} where a byte cannot be read; the signal's reason
   */
  makeHashes(
    options: { readonly signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Uint8Array, undefined>;
}

/** How often progress is worth a report, in milliseconds. */
const REPORT_MS = 50;

/** Lets a step of progress through now and then, and the result. Where the consumer leaves, the work ends. */
export async function* atIntervals<Result>(
  steps: AsyncGenerator<CheckProgress, Result, undefined>,
): AsyncGenerator<CheckProgress, Result, undefined> {
  // Threads may be still at work.
  await using working = steps;
  let reportedAtMs = -Infinity;
  for (;;) {
    const step = await working.next();
    if (step.done) return step.value;
    const nowMs = performance.now();
    if (nowMs - reportedAtMs < REPORT_MS) continue;
    reportedAtMs = nowMs;
    yield step.value;
  }
}

/** A bit for each piece, all set. */
export function allPieces({ pieceCount }: Geometry): Uint8Array {
  return emptyBits(pieceCount).fill(0xff);
}

/** The wanted pieces, in ranges that take about the same time. @param rangeLength in bytes, at most */
export function* planRanges(
  geometry: Geometry,
  wanted: Uint8Array,
  rangeLength: number = RANGE_LENGTH,
): Generator<PieceRange, void> {
  let first = 0;
  let lengthBytes = 0;
  for (let pieceIndex = 0; pieceIndex < geometry.pieceCount; pieceIndex++) {
    const isWanted = hasBit(wanted, pieceIndex);
    const next = isWanted ? geometry.pieceLength(pieceIndex) : 0;
    const isLong = lengthBytes + next > rangeLength || pieceIndex - first >= MAX_RANGE_PIECES;
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

/** The hashes of many ranges, as they come in. */
export class HashesSoFar {
  readonly hashes: Uint8Array;
  readonly #geometry: Geometry;
  #doneBytes = 0;

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
    this.hashes = new Uint8Array(geometry.pieceCount * HASH_LENGTH);
  }

  /** Takes in those of one range. */
  add({ first, end }: PieceRange, hashes: Uint8Array): void {
    const last = end - 1;
    this.hashes.set(hashes, first * HASH_LENGTH);
    this.#doneBytes += this.#geometry.pieceOffset(last) + this.#geometry.pieceLength(last) -
      this.#geometry.pieceOffset(first);
  }

  /** How far it is. */
  get progress(): CheckProgress {
    return { checkedBytes: this.#doneBytes, totalBytes: this.#geometry.totalLength };
  }
}
