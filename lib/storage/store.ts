/**
 * What the engine needs of a place for a torrent's bytes. Two implementations: files on disk (disk.ts)
 * and memory (memory.ts); both pass the same tests.
 *
 * @module
 */

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

/**
 * The bytes of one torrent and the record of which of them are verified. Offsets are in the torrent's
 * run of bytes. Padding is never stored and reads as zeros.
 */
export interface Store extends AsyncDisposable {
  /** The file or folder that is written, for people. */
  readonly output: string;

  /**
   * Finds out what is there, hashing what no record vouches for. To be run to its end before anything
   * else is called.
   *
   * @throws {StorageError} when the place is taken, in use, full, read-only or gone
   */
  check(options: { signal: AbortSignal }): AsyncGenerator<CheckProgress, Resumed, undefined>;

  /** Stores bytes at `offset`, whole. @throws {StorageError} */
  write(offset: number, bytes: Uint8Array): void;

  /** Fills `into` from `offset`, whole. @throws {StorageError} when the bytes are not there */
  read(offset: number, into: Uint8Array): Promise<void>;

  /** Records that these pieces are stored and verified; their bytes were written before. @throws {StorageError} */
  recordVerified(pieceIndices: readonly number[]): void;

  /** Records that some blocks of an unverified piece are stored; read back as `Resumed.partial`. */
  recordPartial(pieceIndex: number, blocks: Uint8Array): void;

  /** Makes everything recorded survive a power loss. @throws {StorageError} */
  sync(): Promise<void>;

  /** Everything is verified: no record is needed any more. @throws {StorageError} */
  finish(): Promise<void>;
}
