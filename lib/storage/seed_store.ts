/**
 * Files that are complete, to be served: read, never written.
 *
 * @module
 */
import { countBits, emptyBits, setBit } from "../base/bits.ts";
import { Folders } from "./folders.ts";
import { atIntervals } from "./hashing.ts";
import { JournalFile, journalNameOf } from "./journal_file.ts";
import { fitting, readOldState } from "./old_state.ts";
import { openHasher } from "./open_hasher.ts";
import { type Presence, scanPresence } from "./presence.ts";
import type { CheckProgress, Resumed, Store } from "./store.ts";
import type { StoredTorrent } from "./stored_torrent.ts";
import { TorrentReader } from "./torrent_reader.ts";

/** The part of a Store that serving needs. */
export type SeedableStore = Pick<Store, "output" | "check" | "read"> & AsyncDisposable;

/** A SeedableStore on disk. */
export class SeedStore implements SeedableStore {
  readonly output: string;
  readonly #torrent: StoredTorrent;
  readonly #directory: string;
  readonly #folders: Folders;
  readonly #reader: TorrentReader;
  readonly #journal: JournalFile | undefined;

  /**
   * Nothing is opened yet but the journal, where a download has left one: for as long as we serve, no
   * other process may download to the same place.
   *
   * @param directory the folder that holds what was downloaded
   * @throws {StorageError} with the code EBUSY while another process writes there
   */
  constructor(torrent: StoredTorrent, directory: string) {
    this.#torrent = torrent;
    this.#directory = directory;
    this.#folders = new Folders(directory);
    this.output = this.#folders.resolve([torrent.name]);
    this.#reader = new TorrentReader(torrent, directory);
    const path = this.#folders.resolve([journalNameOf(torrent.name)]);
    this.#journal = JournalFile.openShared(path, this.output);
  }

  /** Hashes everything, unless the journal of a finished download vouches for it. */
  async *check(
    options: { signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Resumed, undefined> {
    const presence = await scanPresence(this.#torrent, this.#folders, options);
    const verified = this.#vouchedFor(presence) ?? (yield* this.#hash(presence, options));
    return { verified, partial: new Map() };
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return this.#reader.read(offset, into);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
    this.#journal?.[Symbol.dispose]();
  }

  /** All pieces, or undefined where no journal says so, or files have changed since it did. */
  #vouchedFor(presence: Presence): Uint8Array | undefined {
    if (this.#journal === undefined) return undefined;
    const { modifiedAtMs } = this.#journal;
    const old = fitting(readOldState(this.#journal, this.#torrent), presence, modifiedAtMs);
    if (old.kind !== "state") return undefined;
    const { verified } = old.state;
    return countBits(verified) === this.#torrent.geometry.pieceCount ? verified : undefined;
  }

  async *#hash(
    presence: Presence,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Uint8Array, undefined> {
    const { geometry } = this.#torrent;
    const wanted = emptyBits(geometry.pieceCount);
    for (let pieceIndex = 0; pieceIndex < geometry.pieceCount; pieceIndex++) {
      if (presence.reaches(pieceIndex)) setBit(wanted, pieceIndex);
    }
    const site = {
      directory: this.#directory,
      lengthBytes: countBits(wanted) * geometry.maxPieceLength,
    };
    await using hasher = await openHasher(this.#torrent, site);
    return (yield* atIntervals(hasher.hash(wanted, { signal }))).right;
  }
}
