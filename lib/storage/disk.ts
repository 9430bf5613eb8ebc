/**
 * The files of one torrent, and the work on them that takes time. There are two: local_disk.ts works
 * where it is, thread/threaded_disk.ts has it done in a thread of its own.
 *
 * @module
 */
import type { Memory } from "../base/memory.ts";
import type { Hasher } from "./hashing.ts";
import type { Outcome, RunBytes } from "./store.ts";

/** Stores and reads the files. What is asked for first is done first. */
export interface Disk extends Hasher, AsyncDisposable {
  /** Where bytes that are put should lie, if they are not to be copied. */
  readonly memory?: Memory | undefined;
  /** See Store.put(), but that nothing is recorded. @throws {StorageError} */
  put(runs: readonly RunBytes[]): Promise<readonly Outcome[]>;
  /** See Store.digests(). @throws {StorageError} */
  digests(pieceIndex: number): Promise<readonly string[]>;
  /** See Store.read(). @throws {StorageError} */
  read(offset: number, into: Uint8Array): Promise<void>;
  /**
   * Which of these pieces have something but zeros at their start or end, a bit for each: in a file that
   * is mostly a hole, only they are likely to have been written. @throws {StorageError}
   */
  probe(pieces: Uint8Array): Promise<Uint8Array>;
  /** Makes files, with their folders; those that are there are left alone. @throws {StorageError} */
  create(fileIndices: readonly number[]): Promise<void>;
  /** Drops everything in these files. @throws {StorageError} */
  truncate(fileIndices: readonly number[]): Promise<void>;
  /** Somebody else has written these pieces, a bit for each: whether they have reached the disk is not known. */
  soil(pieces: Uint8Array): Promise<void>;
  /** Has the system put everything onto the disk that was written; one call at a time. @throws {StorageError} */
  sync(): Promise<void>;
  /** The bytes that are free where the files are; undefined where the system does not tell. */
  freeBytes(): Promise<number | undefined>;
}
