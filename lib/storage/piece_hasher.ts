/**
 * Hashes what is stored, to find out which pieces are whole: the work itself, which blocks. What to hash
 * is for others to say, and several may share the work (thread/hash_pool.ts).
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import { hasBit } from "../base/bits.ts";
import { type FileSpan, hashOf } from "../torrent/geometry.ts";
import { isSameHash } from "./piece_digest.ts";
import { type PieceRange, PieceSweep, type SweepSides } from "./piece_sweep.ts";
import { forEachSpan } from "./run.ts";
import type { TorrentLayout } from "./stored_torrent.ts";
import { isZero } from "./zeros.ts";

/** Memory is allocated to files in pages of at least this, in bytes. */
const PAGE_LENGTH = 4096;

/** What hashing a range found. Plain data. */
export interface Findings {
  /** The pieces that are right, in order. */
  readonly right: readonly number[];
  /** Of each file that something but zeros was found in: how much, in bytes of whole pages. */
  readonly dataBytes: ReadonlyMap<number, number>;
  /** The files that could not be read, by index, with the system's code. Their pieces are not right. */
  readonly unreadable: ReadonlyMap<number, string>;
}

/** Reads files by their index, without a wait. */
export interface FileReader {
  /** Reads until `into` is full or the file ends; returns how many bytes. @throws {StorageError} */
  read(fileIndex: number, fileOffset: number, into: Uint8Array): number;
}

/** Hashes pieces of one torrent, range by range. */
export class PieceHasher {
  readonly #torrent: TorrentLayout;
  readonly #files: FileReader;
  readonly #sweep: PieceSweep;

  constructor(
    torrent: TorrentLayout,
    files: FileReader,
    sweep: PieceSweep = new PieceSweep(torrent.geometry),
  ) {
    this.#torrent = torrent;
    this.#files = files;
    this.#sweep = sweep;
  }

  /** Hashes those pieces of the range that have their bit set in `wanted`. Blocks. */
  hash({ first, end }: PieceRange, wanted: Uint8Array): Findings {
    const check = new Check(this.#torrent, this.#files);
    for (let pieceIndex = first; pieceIndex < end; pieceIndex++) {
      if (!hasBit(wanted, pieceIndex)) continue;
      const from = pieceIndex;
      while (pieceIndex < end && hasBit(wanted, pieceIndex)) pieceIndex++;
      this.#sweep.run({ first: from, end: pieceIndex }, check);
    }
    const { right, dataBytes, unreadable } = check;
    return { right, dataBytes, unreadable };
  }
}

/** Bytes of the torrent that are not there. */
interface Gap {
  readonly start: number;
  readonly end: number;
}

/** One pass over a range: what is there of it, and what is right. */
class Check implements SweepSides {
  readonly right: number[] = [];
  readonly dataBytes = new Map<number, number>();
  readonly unreadable = new Map<number, string>();
  readonly #torrent: TorrentLayout;
  readonly #files: FileReader;
  /** Those that may reach into pieces to come. */
  #gaps: Gap[] = [];

  constructor(torrent: TorrentLayout, files: FileReader) {
    this.#torrent = torrent;
    this.#files = files;
  }

  /** What is not there reads as zeros. */
  read(offset: number, into: Uint8Array): void {
    let end = offset;
    forEachSpan(this.#torrent.geometry, { offset, bytes: into }, (span, part) => {
      end += part.length;
      const count = span.isPadding ? 0 : this.#readSpan(span, part);
      part.fill(0, count);
      if (!span.isPadding && count < part.length) {
        this.#gaps.push({ start: end - part.length + count, end });
      }
    });
  }

  finish(pieceIndex: number, digest: Uint8Array): void {
    const isRight = isSameHash(digest, hashOf(this.#torrent.pieceHashes, pieceIndex));
    if (!this.#hasGap(pieceIndex) && isRight) this.right.push(pieceIndex);
  }

  #hasGap(pieceIndex: number): boolean {
    if (this.#gaps.length === 0) return false;
    const { geometry } = this.#torrent;
    const start = geometry.pieceOffset(pieceIndex);
    const end = start + geometry.pieceLength(pieceIndex);
    const hasGap = this.#gaps.some((gap) => gap.start < end && gap.end > start);
    this.#gaps = this.#gaps.filter((gap) => gap.end > end);
    return hasGap;
  }

  #readSpan({ fileIndex, fileOffset }: FileSpan, into: Uint8Array): number {
    if (this.unreadable.has(fileIndex)) return 0;
    try {
      const count = this.#files.read(fileIndex, fileOffset, into);
      this.#countData(fileIndex, fileOffset, into.subarray(0, count));
      return count;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.unreadable.set(fileIndex, error.code);
      return 0;
    }
  }

  #countData(fileIndex: number, fileOffset: number, bytes: Uint8Array): void {
    let found = 0;
    const first = (PAGE_LENGTH - fileOffset % PAGE_LENGTH) % PAGE_LENGTH;
    for (let at = first; at + PAGE_LENGTH <= bytes.length; at += PAGE_LENGTH) {
      // The first byte mostly tells.
      if (bytes[at] !== 0 || !isZero(bytes.subarray(at, at + PAGE_LENGTH))) found += PAGE_LENGTH;
    }
    if (found > 0) this.dataBytes.set(fileIndex, (this.dataBytes.get(fileIndex) ?? 0) + found);
  }
}
