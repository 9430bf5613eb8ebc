/**
 * Reads pieces that follow one another, and hashes each: the loop that checking files and making torrents
 * share. It blocks.
 *
 * @module
 */
import type { Geometry } from "../torrent/geometry.ts";
import { PieceDigest } from "./piece_digest.ts";

/** How much is read at once, in bytes: it stays in the processor's cache until it is hashed. */
const READ_LENGTH = 256 * 1024;

/** Pieces one after the other. */
export interface PieceRange {
  /** The first one. */
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
}

/** Where the bytes come from, and who wants the hashes. */
export interface SweepSides {
  /** Fills `into` with the torrent's bytes from `offset` on. */
  read(offset: number, into: Uint8Array): void;
  /** Takes the SHA-1 of a piece, all of which has been read. */
  finish(pieceIndex: number, digest: Uint8Array): void;
}

/** Hashes the pieces of one torrent, as many at a time as it is told. */
export class PieceSweep {
  readonly #geometry: Geometry;
  readonly #digest = new PieceDigest();
  #buffer: Uint8Array | undefined;

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
  }

  /** Hashes the pieces of a range, in order. What `sides` throw ends it. */
  run({ first, end }: PieceRange, sides: SweepSides): void {
    const geometry = this.#geometry;
    const buffer = this.#buffer ??= new Uint8Array(Math.min(READ_LENGTH, geometry.totalLength));
    const stop = geometry.pieceOffset(end - 1) + geometry.pieceLength(end - 1);
    let pieceIndex = first;
    this.#digest.clear();
    // In steps that know no pieces, for those may be short or long.
    for (let offset = geometry.pieceOffset(first); offset < stop; offset += buffer.length) {
      const bytes = buffer.subarray(0, stop - offset);
      sides.read(offset, bytes);
      for (let at = 0; at < bytes.length;) {
        const pieceEnd = geometry.pieceOffset(pieceIndex) + geometry.pieceLength(pieceIndex);
        const partEnd = Math.min(bytes.length, pieceEnd - offset);
        this.#digest.push(bytes.subarray(at, partEnd));
        at = partEnd;
        if (offset + at < pieceEnd) continue;
        sides.finish(pieceIndex, this.#digest.finish());
        pieceIndex++;
      }
    }
  }
}
