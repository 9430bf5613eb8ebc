/**
 * The hashing of a torrent's run of bytes, as it arrives, and who is to blame where it is wrong.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import type { Metainfo } from "../torrent/metainfo.ts";

/**
 * What is wrong with a file: it is not there; it ends too early; its bytes differ; it cannot be read;
 * or it has no fault of its own but shares a piece with one that has, so that nobody can tell.
 */
export type FileFault = "missing" | "short" | "damaged" | "unreadable" | "unknown";

/** One fault of a file. */
export interface Finding {
  readonly fault: FileFault;
  readonly message: string;
}

const HASH_LENGTH = 20;
/** Bytes of padding (BEP 47). */
const ZEROS = new Uint8Array(1024 * 1024);
const MESSAGES = {
  damaged: "its bytes differ from the torrent's",
  unknown: "it shares a piece with a file at fault",
};

/** Hashes the torrent's run of bytes piece by piece, however it arrives, and keeps what is wrong. */
export class PieceCheck {
  /** Where in the torrent's run of bytes the next ones belong. */
  position = 0;
  readonly #metainfo: Metainfo;
  readonly #findings = new Map<number, Finding>();
  #hash: Hash | undefined;
  /** The last piece of which bytes were not there; -1 for none. */
  #brokenPiece = -1;
  #haveBytes = 0;
  #havePieces = 0;

  constructor(metainfo: Metainfo) {
    this.#metainfo = metainfo;
  }

  /** Takes the next bytes, which stay the caller's. */
  feed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const take = Math.min(bytes.length - at, this.#leftInPiece());
      if (this.#pieceIndex() !== this.#brokenPiece) {
        this.#hash ??= createHash("sha1");
        this.#hash.update(bytes.subarray(at, at + take));
      }
      at += take;
      this.#advance(take);
    }
  }

  /** Takes so many zeros, yielding between parts. */
  *feedZeros(lengthBytes: number): Generator<void, void, undefined> {
    for (let left = lengthBytes; left > 0; left -= ZEROS.length) {
      this.feed(ZEROS.subarray(0, Math.min(left, ZEROS.length)));
      yield;
    }
  }

  /** Passes over bytes that are not there: the pieces that they belong to are wrong. */
  skipTo(position: number): void {
    while (this.position < position) {
      this.#brokenPiece = this.#pieceIndex();
      this.#advance(Math.min(position - this.position, this.#leftInPiece()));
    }
  }

  /** Notes what reading a file found; it outweighs what pieces tell. */
  addFinding(fileIndex: number, finding: Finding): void {
    this.#findings.set(fileIndex, finding);
  }

  /** What is wrong, by the index of the file. */
  get findings(): ReadonlyMap<number, Finding> {
    return this.#findings;
  }

  /** Bytes that are right, padding included. */
  get haveBytes(): number {
    return this.#haveBytes;
  }

  /** Pieces that are right. */
  get havePieces(): number {
    return this.#havePieces;
  }

  #pieceIndex(): number {
    return Math.floor(this.position / this.#metainfo.pieceLength);
  }

  #leftInPiece(): number {
    const { geometry } = this.#metainfo;
    const pieceIndex = this.#pieceIndex();
    return geometry.pieceOffset(pieceIndex) + geometry.pieceLength(pieceIndex) - this.position;
  }

  #advance(lengthBytes: number): void {
    const pieceIndex = this.#pieceIndex();
    const endsPiece = lengthBytes === this.#leftInPiece();
    this.position += lengthBytes;
    if (endsPiece) this.#endPiece(pieceIndex);
  }

  #endPiece(pieceIndex: number): void {
    const digest = this.#hash?.digest();
    this.#hash = undefined;
    const from = pieceIndex * HASH_LENGTH;
    const expected = this.#metainfo.pieceHashes.subarray(from, from + HASH_LENGTH);
    if (pieceIndex === this.#brokenPiece) return this.#blame(pieceIndex, "unknown");
    if (digest?.compare(expected) !== 0) return this.#blame(pieceIndex, "damaged");
    this.#havePieces++;
    this.#haveBytes += this.#metainfo.geometry.pieceLength(pieceIndex);
  }

  /** Every file with bytes in a wrong piece is suspect, unless a worse fault of it is known. */
  #blame(pieceIndex: number, fault: "unknown" | "damaged"): void {
    const { geometry } = this.#metainfo;
    const offset = geometry.pieceOffset(pieceIndex);
    for (const span of geometry.spans(offset, geometry.pieceLength(pieceIndex))) {
      if (span.isPadding) continue;
      const known = this.#findings.get(span.fileIndex)?.fault ?? "unknown";
      if (known !== "unknown") continue;
      this.#findings.set(span.fileIndex, { fault, message: MESSAGES[fault] });
    }
  }
}
