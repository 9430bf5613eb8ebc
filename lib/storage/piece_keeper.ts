/**
 * Stores pieces as they are put, and hashes them (see Store.put()).
 *
 * A piece that is put whole is hashed first: what is wrong never touches a file. A longer one is written
 * run by run, and hashed as its runs come; what came out of order is read back at the end.
 *
 * @module
 */
import { BLOCK_LENGTH, hashOf } from "../torrent/geometry.ts";
import { createSha1, type RunningSha1, sha1 } from "../torrent/sha1.ts";
import { digestBlocks, isSameHash } from "./piece_digest.ts";
import type { Outcome, RunBytes } from "./store.ts";
import type { TorrentLayout } from "./stored_torrent.ts";

/** How much of a piece is read back at once, in bytes: whole blocks. */
const READ_LENGTH = 16 * BLOCK_LENGTH;

const STORED: Outcome = Object.freeze({ kind: "stored" });
const RIGHT: Outcome = Object.freeze({ kind: "right" });

/** The torrent's run of bytes, as files hold it. Both calls block. */
export interface TorrentBytes {
  /** Writes all of `bytes` at `offset`. @throws {StorageError} */
  write(offset: number, bytes: Uint8Array): void;
  /** Fills `into` from `offset`. @throws {StorageError} */
  read(offset: number, into: Uint8Array): void;
}

/** The hash of a piece that is put in runs: of its bytes before `next`. */
interface Progress {
  readonly hash: RunningSha1;
  next: number;
  /** Where runs end that are stored and not hashed yet, by where they begin. */
  readonly ahead: Map<number, number>;
}

/** Stores the pieces of one torrent. Nothing here waits: to be called where blocking does no harm. */
export class PieceKeeper {
  readonly #torrent: TorrentLayout;
  readonly #bytes: TorrentBytes;
  /** Of pieces that are put in runs, and not judged yet. */
  readonly #progress = new Map<number, Progress>();

  constructor(torrent: TorrentLayout, bytes: TorrentBytes) {
    this.#torrent = torrent;
    this.#bytes = bytes;
  }

  /** Whether the run is its whole piece. */
  isWhole({ pieceIndex, bytes, endsPiece }: RunBytes): boolean {
    return endsPiece && bytes.length === this.#torrent.geometry.pieceLength(pieceIndex);
  }

  /**
   * See Store.put().
   *
   * @param digest of a whole piece, where the caller knows it
   * @throws {StorageError}
   */
  put(run: RunBytes, digest?: Uint8Array): Outcome {
    const { pieceIndex, bytes, endsPiece } = run;
    const isWhole = this.isWhole(run);
    if (isWhole && !this.#isRight(pieceIndex, digest ?? sha1(bytes))) {
      return { kind: "wrong", digests: digestBlocks(bytes) };
    }
    const offset = this.#torrent.geometry.pieceOffset(pieceIndex) + run.begin;
    this.#bytes.write(offset, bytes);
    if (isWhole) return RIGHT;
    this.#advance(run);
    return endsPiece ? this.#judge(pieceIndex) : STORED;
  }

  /** See Store.digests(). @throws {StorageError} */
  digests(pieceIndex: number): string[] {
    const digests: string[] = [];
    const end = this.#torrent.geometry.pieceLength(pieceIndex);
    for (const part of this.#readFrom(pieceIndex, { begin: 0, end })) {
      digests.push(...digestBlocks(part));
    }
    return digests;
  }

  /** Hashes the run, if it is the next one of its piece, and those that came before their time. */
  #advance({ pieceIndex, begin, bytes }: RunBytes): void {
    const progress = this.#progressOf(pieceIndex);
    if (progress.next !== begin) return void progress.ahead.set(begin, begin + bytes.length);
    progress.hash.update(bytes);
    progress.next += bytes.length;
    for (let end = progress.ahead.get(progress.next); end !== undefined;) {
      progress.ahead.delete(progress.next);
      this.#readInto(progress, { pieceIndex, end });
      end = progress.ahead.get(progress.next);
    }
  }

  #judge(pieceIndex: number): Outcome {
    const progress = this.#progressOf(pieceIndex);
    this.#progress.delete(pieceIndex);
    this.#readInto(progress, { pieceIndex, end: this.#torrent.geometry.pieceLength(pieceIndex) });
    if (this.#isRight(pieceIndex, progress.hash.digest())) return RIGHT;
    return { kind: "wrong", digests: this.digests(pieceIndex) };
  }

  #progressOf(pieceIndex: number): Progress {
    let progress = this.#progress.get(pieceIndex);
    if (progress === undefined) {
      progress = { hash: createSha1(), next: 0, ahead: new Map() };
      this.#progress.set(pieceIndex, progress);
    }
    return progress;
  }

  /** Hashes what is stored of a piece, up to `end`. */
  #readInto(progress: Progress, { pieceIndex, end }: { pieceIndex: number; end: number }): void {
    for (const part of this.#readFrom(pieceIndex, { begin: progress.next, end })) {
      progress.hash.update(part);
    }
    progress.next = end;
  }

  /** The stored bytes of a piece; each part is valid until the next. */
  *#readFrom(
    pieceIndex: number,
    { begin, end }: { readonly begin: number; readonly end: number },
  ): Generator<Uint8Array, void, undefined> {
    const offset = this.#torrent.geometry.pieceOffset(pieceIndex);
    const buffer = new Uint8Array(Math.min(READ_LENGTH, end - begin));
    for (let at = begin; at < end; at += READ_LENGTH) {
      const part = buffer.subarray(0, end - at);
      this.#bytes.read(offset + at, part);
      yield part;
    }
  }

  #isRight(pieceIndex: number, digest: Uint8Array): boolean {
    return isSameHash(digest, hashOf(this.#torrent.pieceHashes, pieceIndex));
  }
}
