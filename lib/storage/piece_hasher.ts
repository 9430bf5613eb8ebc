/**
 * Hashes what is stored, to find out which pieces are whole: the work itself, which blocks. What to hash
 * is for others to say, and several may share the work (thread/hash_pool.ts).
 *
 * @module
 */
import { StorageError } from "../base/errors.ts";
import { hasBit } from "../base/bits.ts";
import type { FileSpan } from "../torrent/geometry.ts";
import { hashOf, PieceDigest } from "./piece_digest.ts";
import { forEachSpan } from "./run.ts";
import type { StoredTorrent } from "./stored_torrent.ts";
import { isZero } from "./zeros.ts";

/** How much is read at once, in bytes: it stays in the processor's cache until it is hashed. */
const READ_LENGTH = 256 * 1024;

/** Memory is allocated to files in pages of at least this, in bytes. */
const PAGE_LENGTH = 4096;

/** Pieces one after the other. */
export interface PieceRange {
  /** The first one. */
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
}

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
  readonly #torrent: StoredTorrent;
  readonly #files: FileReader;
  readonly #buffer: Uint8Array;
  readonly #digest = new PieceDigest();

  constructor(torrent: StoredTorrent, files: FileReader) {
    this.#torrent = torrent;
    this.#files = files;
    this.#buffer = new Uint8Array(Math.min(READ_LENGTH, torrent.geometry.totalLength));
  }

  /** Hashes those pieces of the range that have their bit set in `wanted`. Blocks. */
  hash({ first, end }: PieceRange, wanted: Uint8Array): Findings {
    const sweep = new Sweep(this.#torrent, this.#files, this.#digest);
    for (let pieceIndex = first; pieceIndex < end; pieceIndex++) {
      if (!hasBit(wanted, pieceIndex)) continue;
      const from = pieceIndex;
      while (pieceIndex < end && hasBit(wanted, pieceIndex)) pieceIndex++;
      sweep.run({ first: from, end: pieceIndex }, this.#buffer);
    }
    const { right, dataBytes, unreadable } = sweep;
    return { right, dataBytes, unreadable };
  }
}

/** A run of bytes in what was read. */
interface Gap {
  readonly start: number;
  readonly end: number;
}

/** One pass over a range. */
class Sweep {
  readonly right: number[] = [];
  readonly dataBytes = new Map<number, number>();
  readonly unreadable = new Map<number, string>();
  readonly #torrent: StoredTorrent;
  readonly #files: FileReader;
  readonly #digest: PieceDigest;

  constructor(torrent: StoredTorrent, files: FileReader, digest: PieceDigest) {
    this.#torrent = torrent;
    this.#files = files;
    this.#digest = digest;
  }

  /** Pieces that are all wanted: read in steps that know no pieces, for those may be short or long. */
  run({ first, end }: PieceRange, buffer: Uint8Array): void {
    const { geometry } = this.#torrent;
    const stop = geometry.pieceOffset(end - 1) + geometry.pieceLength(end - 1);
    let pieceIndex = first;
    let isBroken = false;
    for (let offset = geometry.pieceOffset(first); offset < stop; offset += buffer.length) {
      const bytes = buffer.subarray(0, stop - offset);
      const gaps = this.#read(offset, bytes);
      for (let at = 0; at < bytes.length;) {
        const pieceEnd = geometry.pieceOffset(pieceIndex) + geometry.pieceLength(pieceIndex);
        const partEnd = Math.min(bytes.length, pieceEnd - offset);
        this.#digest.push(bytes.subarray(at, partEnd));
        isBroken ||= gaps.some((gap) => gap.start < partEnd && gap.end > at);
        at = partEnd;
        if (offset + at < pieceEnd) continue;
        this.#finish(pieceIndex, isBroken);
        isBroken = false;
        pieceIndex++;
      }
    }
  }

  #finish(pieceIndex: number, isBroken: boolean): void {
    const isRight = this.#digest.finish(hashOf(this.#torrent.pieceHashes, pieceIndex));
    if (isRight && !isBroken) this.right.push(pieceIndex);
  }

  /** Fills `into`; what is not there reads as zeros. @returns where that is */
  #read(offset: number, into: Uint8Array): Gap[] {
    const gaps: Gap[] = [];
    let end = 0;
    forEachSpan(this.#torrent.geometry, { offset, bytes: into }, (span, part) => {
      end += part.length;
      const count = span.isPadding ? 0 : this.#readSpan(span, part);
      part.fill(0, count);
      if (!span.isPadding && count < part.length) {
        gaps.push({ start: end - part.length + count, end });
      }
    });
    return gaps;
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
