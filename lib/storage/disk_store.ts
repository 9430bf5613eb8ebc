/**
 * A torrent's bytes as files below a folder, with the journal DIR/NAME.westorrent beside them.
 *
 * Before the check nothing is changed but an empty, locked journal, in a folder that is made where there was
 * none; whoever is refused by the check finds the files as they were.
 *
 * @module
 */
import { emptyBits, forEachBit, hasBit, setBit } from "../base/bits.ts";
import { StorageError } from "../base/errors.ts";
import type { Memory } from "../base/memory.ts";
import { readBootId } from "./boot_id.ts";
import type { Disk } from "./disk.ts";
import { Folders } from "./folders.ts";
import type { JournalRecord } from "./journal.ts";
import { JournalFile, journalNameOf } from "./journal_file.ts";
import { fitting, headerOf, type OldState, readOldState, withHashed } from "./old_state.ts";
import { type Presence, scanPresence } from "./presence.ts";
import { hashUnvouched, holdsSome } from "./recheck.ts";
import { storageFailure, toStorageError } from "./storage_error.ts";
import type { CheckProgress, Outcome, Resumed, RunBytes, Store } from "./store.ts";
import { isOnDisk, type StoredTorrent } from "./stored_torrent.ts";

/** Where and how to store. */
export interface DiskStoreOptions {
  /** The output folder; made when missing, may be a symbolic link. */
  readonly directory: string;
  /** Whether files and state of something else may be replaced. */
  readonly overwrite?: boolean;
  /** Told what fails while nobody waits for it. */
  readonly onFailure?: (error: unknown) => void;
}

/** Whether so much has room, in bytes, the disk is asked before: with less, trying tells as soon. */
const WORTH_ASKING = 4 * 1024 * 1024;

/** A Store on disk; use openDiskStore(). */
export class DiskStore implements Store {
  readonly output: string;
  readonly #torrent: StoredTorrent;
  readonly #options: DiskStoreOptions;
  readonly #journal: JournalFile;
  readonly #folders: Folders;
  readonly #disk: Disk;
  /** Pieces that are stored, but not recorded yet, and the record of them that is due. */
  #unrecorded: number[] = [];
  #recording: Promise<void> | undefined;
  /** What check() has begun and not waited for; undefined once it is done. */
  #preparing: Promise<void> | undefined;
  /** The sync under way, and those before it. */
  #syncing: Promise<void> = Promise.resolve();
  /** The end of the journal at the last mark. */
  #markedEnd = 0;

  /**
   * Opens the place of a torrent on disk and locks it; check() comes next.
   *
   * @param makeDisk called once the place is ours; the disk is owned from then on
   * @throws {StorageError} with the code EBUSY when another process has it; when it cannot be written
   */
  constructor(torrent: StoredTorrent, makeDisk: () => Disk, options: DiskStoreOptions) {
    this.#torrent = torrent;
    this.#options = options;
    makeDirectory(options.directory);
    this.#folders = new Folders(options.directory);
    this.output = this.#folders.resolve([torrent.name]);
    const journal = this.#folders.resolve([journalNameOf(torrent.name)]);
    this.#journal = JournalFile.open(journal, this.output);
    try {
      this.#disk = makeDisk();
    } catch (error) {
      this.#journal[Symbol.dispose]();
      throw error;
    }
  }

  get memory(): Memory | undefined {
    return this.#disk.memory;
  }

  async *check(
    options: { signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Resumed, undefined> {
    const presence = await scanPresence(this.#torrent, this.#folders, options);
    const { modifiedAtMs } = this.#journal;
    const old = fitting(readOldState(this.#journal, this.#torrent), presence, modifiedAtMs);
    if (old.kind === "foreign" && !this.#options.overwrite) {
      throw taken(this.#journal.path, "is the state of another torrent");
    }
    if (old.kind === "state") presence.account(old.state);
    const { geometry } = this.#torrent;
    const known = { geometry, presence, old, disk: this.#disk, ...options };
    const { right, unreadable } = yield* hashUnvouched(known);
    this.#refuseUnreadable(unreadable);
    if (mayBeSomebodys(old, presence) && !await holdsSome(right, known)) {
      if (!this.#options.overwrite) throw taken(this.output, "holds something else");
      if (right.every((byte) => byte === 0)) await this.#clear(presence.occupied());
    }
    const resumed = withHashed(old, right);
    await this.#begin(old, resumed.verified);
    this.#preparing = this.#prepare(presence, resumed.verified);
    // Whoever waits for it has the error as well.
    this.#preparing.catch((error) => this.#options.onFailure?.(error));
    return resumed;
  }

  async put(runs: readonly RunBytes[]): Promise<readonly Outcome[]> {
    if (this.#preparing !== undefined) await this.#preparing;
    const outcomes = await this.#disk.put(runs);
    runs.forEach(({ pieceIndex }, at) => {
      if (outcomes[at]?.kind === "right") this.#unrecorded.push(pieceIndex);
    });
    if (this.#unrecorded.length === 0) return outcomes;
    // All that are done by now go into one record.
    this.#recording ??= Promise.resolve().then(() => this.#record());
    await this.#recording;
    return outcomes;
  }

  digests(pieceIndex: number): Promise<readonly string[]> {
    return this.#disk.digests(pieceIndex);
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return this.#disk.read(offset, into);
  }

  async recordPartial(pieceIndex: number, blocks: Uint8Array): Promise<void> {
    await this.#preparing;
    this.#journal.append([{ kind: "partial", pieceIndex, blocks }]);
  }

  sync(): Promise<void> {
    // One after the other: a second must not take for done what the first still waits for.
    const done = this.#syncing.then(() => this.#syncOnce());
    this.#syncing = done.catch(() => {}); // its caller has the error
    return done;
  }

  async finish(record: "leaves" | "stays" = "leaves"): Promise<void> {
    await this.sync();
    this.#refuseVanished();
    if (record === "leaves") return this.#journal.remove();
    const boot = { kind: "boot", bootId: readBootId() } as const;
    this.#journal.restart(headerOf(this.#torrent), [boot, { kind: "complete" }]);
    this.#markedEnd = 0;
    await this.sync();
  }

  /** Closes the files and unlocks the journal, which stays for the next run unless finish() was called. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#preparing?.catch(() => {}); // its failure was told
    await this.#syncing;
    await this.#disk[Symbol.asyncDispose]();
    this.#journal[Symbol.dispose]();
  }

  async #syncOnce(): Promise<void> {
    await this.#preparing;
    const { end } = this.#journal;
    await this.#disk.sync();
    if (end === this.#markedEnd) return;
    await this.#journal.sync();
    this.#journal.append([{ kind: "mark", end }]);
    this.#markedEnd = this.#journal.end;
  }

  #record(): void {
    const pieceIndices = this.#unrecorded;
    this.#unrecorded = [];
    this.#recording = undefined;
    this.#journal.append([{ kind: "verified", pieceIndices }]);
  }

  /** What an old state says of these files is not true from then on: it goes first. */
  async #clear(fileIndices: readonly number[]): Promise<void> {
    await this.#restart([]);
    await this.#disk.truncate(fileIndices);
  }

  async #begin(old: OldState, verified: Uint8Array): Promise<void> {
    const pieceIndices: number[] = [];
    // What another process has written, and was killed: only the next sync() makes it last.
    const soiled = emptyBits(this.#torrent.geometry.pieceCount);
    if (old.kind === "state") {
      for (const pieceIndex of old.state.partial.keys()) setBit(soiled, pieceIndex);
    }
    forEachBit(verified, (pieceIndex) => {
      if (old.kind !== "state" || !hasBit(old.state.verified, pieceIndex)) {
        pieceIndices.push(pieceIndex);
      }
      if (old.kind !== "state" || !hasBit(old.state.durable, pieceIndex)) {
        setBit(soiled, pieceIndex);
      }
    });
    if (soiled.some((byte) => byte !== 0)) await this.#disk.soil(soiled);
    const records = [
      { kind: "boot", bootId: readBootId() } as const,
      { kind: "verified", pieceIndices } as const,
    ];
    if (old.kind === "state") {
      this.#journal.cut(old.end);
      this.#journal.append([...records, ...old.gone.map((index) => this.#takeBack(index))]);
    } else await this.#restart(records);
  }

  /** In a file that is made anew, blocks that were there before will be zeros. */
  #takeBack(pieceIndex: number): JournalRecord {
    const blocks = emptyBits(this.#torrent.geometry.blockCount(pieceIndex));
    return { kind: "partial", pieceIndex, blocks };
  }

  async #restart(records: readonly JournalRecord[]): Promise<void> {
    const isReplacing = this.#journal.end > 0;
    this.#journal.restart(headerOf(this.#torrent), records);
    // What it said must not come back with a power loss, once the data has changed.
    if (isReplacing) await this.#journal.sync();
  }

  /** Sees that there is room, and makes empty files. Nothing is put before that is done. */
  async #prepare(presence: Presence, verified: Uint8Array): Promise<void> {
    const neededBytes = presence.neededBytes(verified);
    const freeing = neededBytes > WORTH_ASKING ? this.#disk.freeBytes() : undefined;
    if (this.#torrent.isMultiFile) this.#folders.make([this.#torrent.name, ""]);
    const missing = presence.missingEmpty();
    const creating = missing.length > 0 ? this.#disk.create(missing) : undefined;
    const [freeBytes] = await Promise.all([freeing, creating]);
    if (freeBytes !== undefined && neededBytes > freeBytes) {
      throw full(this.#options.directory, neededBytes, freeBytes);
    }
    this.#preparing = undefined;
  }

  /** Open files outlive their names: what was removed meanwhile does not count as stored. */
  #refuseVanished(): void {
    // That know nothing yet: what check() found missing, the disk has made since.
    const folders = new Folders(this.#options.directory);
    for (const file of this.#torrent.files) {
      if (!isOnDisk(file)) continue;
      const entry = folders.look(file.path);
      if (entry.kind === "file" && entry.sizeBytes >= file.lengthBytes) continue;
      throw storageFailure("finish", folders.resolve(file.path), "ENOENT");
    }
  }

  #refuseUnreadable(unreadable: ReadonlyMap<number, string>): void {
    for (const [fileIndex, code] of unreadable) {
      const path = this.#torrent.files[fileIndex]?.path ?? [];
      throw storageFailure("read", this.#folders.resolve(path), code);
    }
  }
}

/** Whether something is there that our own state does not explain. */
function mayBeSomebodys(old: OldState, presence: Presence): boolean {
  return old.kind !== "state" && old.kind !== "damaged" && presence.occupied().length > 0;
}

function makeDirectory(directory: string): void {
  try {
    Deno.mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw toStorageError(error, "make folder", directory);
  }
}

function taken(path: string, what: string): StorageError {
  const detail = `it ${what}, use --overwrite to replace it`;
  return new StorageError(`Cannot write "${path}": ${detail}`, path, "EEXIST");
}

function full(directory: string, neededBytes: number, freeBytes: number): StorageError {
  const detail = `${mebibytes(neededBytes)} are needed, ${mebibytes(freeBytes)} are free`;
  return new StorageError(
    `Cannot write to "${directory}": no space is left on the disk, ${detail} (ENOSPC)`,
    directory,
    "ENOSPC",
  );
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
