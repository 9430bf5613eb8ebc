/**
 * The only arithmetic between pieces, blocks, byte offsets and files.
 *
 * A torrent is one run of bytes, the files laid end to end. It is cut into pieces of `pieceLength`
 * bytes (the last may be shorter), each piece into blocks of 16 KiB (the last of a piece may be
 * shorter). A block never spans two pieces; a piece may span many files. Padding (BEP 47) occupies
 * bytes of this run, all zero, that are neither requested nor stored.
 *
 * @module
 */

/** The unit of a request, in bytes (BEP 3). */
export const BLOCK_LENGTH = 16 * 1024;

/** Of every piece there is a SHA-1, of so many bytes (BEP 3). */
export const HASH_LENGTH = 20;

/** The SHA-1 that a piece should have. @param pieceHashes those of all pieces, end to end */
export function hashOf(pieceHashes: Uint8Array, pieceIndex: number): Uint8Array {
  return pieceHashes.subarray(pieceIndex * HASH_LENGTH, (pieceIndex + 1) * HASH_LENGTH);
}

/** What geometry needs to know of a file. */
export interface FileExtent {
  /** A safe integer, at least 0. */
  readonly lengthBytes: number;
  /** True for padding (BEP 47). */
  readonly isPadding: boolean;
}

/** A run of bytes inside one file. */
export interface FileSpan {
  /** In the torrent's order, padding files counted. */
  readonly fileIndex: number;
  /** In bytes from the start of the file. */
  readonly fileOffset: number;
  /** At least 1. */
  readonly lengthBytes: number;
  /** True for padding (BEP 47): zeros that are neither requested nor stored. */
  readonly isPadding: boolean;
}

/** Where everything lies in one torrent. */
export class Geometry {
  /** The sum of all files in bytes, padding included. */
  readonly totalLength: number;
  /** 0 when there is not one byte. */
  readonly pieceCount: number;
  /** Whether any file is padding (BEP 47). */
  readonly hasPadding: boolean;
  readonly #pieceLength: number;
  readonly #files: readonly FileExtent[];
  /** Offset in the torrent of each file, and the total at the end: ascending. */
  readonly #starts: Float64Array;

  /**
   * Lays the files end to end; checks nothing.
   *
   * @param files in the torrent's order; their lengths are safe integers of at least 0
   * @param pieceLength in bytes, at least 1
   */
  constructor(files: readonly FileExtent[], pieceLength: number) {
    this.#files = files;
    this.#pieceLength = pieceLength;
    this.#starts = new Float64Array(files.length + 1);
    let offset = 0;
    files.forEach((file, index) => {
      this.#starts[index] = offset;
      offset += file.lengthBytes;
    });
    this.#starts[files.length] = offset;
    this.totalLength = offset;
    this.pieceCount = Math.ceil(offset / pieceLength);
    this.hasPadding = files.some((file) => file.isPadding);
  }

  /** The longest a piece can be, in bytes. */
  get maxPieceLength(): number {
    return Math.min(this.#pieceLength, this.totalLength);
  }

  /** The offset in the torrent at which a piece starts. */
  pieceOffset(pieceIndex: number): number {
    return pieceIndex * this.#pieceLength;
  }

  /** The length of a piece in bytes. */
  pieceLength(pieceIndex: number): number {
    return Math.min(this.#pieceLength, this.totalLength - this.pieceOffset(pieceIndex));
  }

  /** How many blocks a piece has. */
  blockCount(pieceIndex: number): number {
    return Math.ceil(this.pieceLength(pieceIndex) / BLOCK_LENGTH);
  }

  /** The length of a block in bytes, padding included. */
  blockLength(pieceIndex: number, blockIndex: number): number {
    return Math.min(BLOCK_LENGTH, this.pieceLength(pieceIndex) - blockIndex * BLOCK_LENGTH);
  }

  /** How many bytes of a block to request: up to its last byte that is not padding, so 0 for padding alone. */
  requestLength(pieceIndex: number, blockIndex: number): number {
    const length = this.blockLength(pieceIndex, blockIndex);
    if (!this.hasPadding) return length;
    const start = this.pieceOffset(pieceIndex) + blockIndex * BLOCK_LENGTH;
    let wanted = 0;
    let position = 0;
    for (const span of this.spans(start, length)) {
      position += span.lengthBytes;
      if (!span.isPadding) wanted = position;
    }
    return wanted;
  }

  /** Whether a piece is padding alone: nothing of it can be asked for, and nothing is stored. */
  isPadding(pieceIndex: number): boolean {
    if (!this.hasPadding) return false;
    const spans = this.spans(this.pieceOffset(pieceIndex), this.pieceLength(pieceIndex));
    return spans.every((span) => span.isPadding);
  }

  /** The runs of file bytes that `lengthBytes` bytes at `offset` in the torrent cover, in order; no empty ones. */
  *spans(offset: number, lengthBytes: number): Generator<FileSpan, void, undefined> {
    let left = Math.min(lengthBytes, this.totalLength - offset);
    let position = offset;
    for (let fileIndex = this.#fileAt(offset); left > 0; fileIndex++) {
      const file = this.#files[fileIndex];
      const start = this.#starts[fileIndex];
      if (file === undefined || start === undefined) return;
      const fileOffset = position - start;
      const take = Math.min(left, file.lengthBytes - fileOffset);
      if (take <= 0) continue;
      yield { fileIndex, fileOffset, lengthBytes: take, isPadding: file.isPadding };
      position += take;
      left -= take;
    }
  }

  /** The offset in the torrent at which a file starts. */
  fileOffset(fileIndex: number): number {
    return this.#starts[fileIndex] ?? this.totalLength;
  }

  /** The last file that starts at or before `offset`, by bisection. */
  #fileAt(offset: number): number {
    let low = 0;
    let high = this.#files.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] ?? Infinity) <= offset) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }
}
