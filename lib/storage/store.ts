/**
 * What the engine needs of a place for a torrent's bytes. Two implementations: files on disk (disk_store.ts)
 * and memory (memory.ts); both pass the same tests.
 *
 * @module
 */
import type { Memory } from "../base/memory.ts";

/** What of a torrent was found stored. */
export interface Resumed {
  /** A bit per piece, the highest bit of byte 0 is piece 0: those verified. */
  readonly verified: Uint8Array;
  /** Pieces of which some blocks are stored but the whole is unverified: a bit per block, as above. */
  readonly partial: ReadonlyMap<number, Uint8Array>;
}

/** Progress of the check of what is stored. */
export interface CheckProgress {
  /** Bytes of the torrent passed so far, read or known to be absent. */
  readonly checkedBytes: number;
  /** The length of the torrent in bytes. */
  readonly totalBytes: number;
}

/** Bytes of one piece, to be stored. */
export interface RunBytes {
  /** The piece that they belong to. */
  readonly pieceIndex: number;
  /** Where in the piece they belong, in bytes. */
  readonly begin: number;
  /** They must stay as they are until put() is done. */
  readonly bytes: Uint8Array;
  /** Whether all the rest of the piece was put before: then it is hashed. */
  readonly endsPiece: boolean;
}

/** What became of bytes that were put. */
export type Outcome =
  /** They are stored; the piece is not whole yet. */
  | { readonly kind: "stored" }
  /** The piece matches its hash and is stored. */
  | { readonly kind: "right" }
  /** It does not. What was stored of it is of no use. */
  | {
    readonly kind: "wrong";
    /** Of each of its blocks: the same for the same bytes. */
    readonly digests: readonly string[];
  };

/**
 * The bytes of one torrent and the record of which of them are verified. Padding is never stored and
 * reads as zeros.
 */
export interface Store extends AsyncDisposable {
  /** The file or folder that is written, for people. */
  readonly output: string;

  /** Where bytes that are put should lie, if they are not to be copied. */
  readonly memory?: Memory | undefined;

  /**
   * Finds out what is there, hashing what no record vouches for. To be run to its end before anything
   * else is called.
   *
   * @throws {StorageError} when the place is taken, in use, full, read-only or gone
   */
  check(options: { signal: AbortSignal }): AsyncGenerator<CheckProgress, Resumed, undefined>;

  /**
   * Stores bytes of pieces; with the last of one's, hashes it, and records that it is stored when it is
   * right. Of a piece that is put whole, nothing is stored otherwise. What is put first is done first.
   *
   * @returns an outcome for each run, in order, once all are done
   * @throws {StorageError} when one fails
   */
  put(runs: readonly RunBytes[]): Promise<readonly Outcome[]>;

  /** The digests of the blocks of a piece that is stored, as in a wrong Outcome. @throws {StorageError} */
  digests(pieceIndex: number): Promise<readonly string[]>;

  /** Fills `into` from `offset` in the torrent, whole. @throws {StorageError} when the bytes are not there */
  read(offset: number, into: Uint8Array): Promise<void>;

  /** Records that some blocks of an unverified piece are stored; read back as `Resumed.partial`. @throws {StorageError} */
  recordPartial(pieceIndex: number, blocks: Uint8Array): Promise<void>;

  /** Makes everything recorded survive a power loss. @throws {StorageError} */
  sync(): Promise<void>;

  /**
   * Everything is verified. The record goes away, or it stays and says that everything is there.
   *
   * @param record @default "leaves"
   * @throws {StorageError}
   */
  finish(record?: "leaves" | "stays"): Promise<void>;
}
