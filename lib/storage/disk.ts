/**
 * A torrent's bytes as files below a folder, with the journal DIR/NAME.westorrent beside them.
 *
 * Before the check nothing is changed but an empty, locked journal; a refusal leaves no trace.
 *
 * @module
 */
import { join } from "node:path";
import { delay } from "../base/async.ts";
import { StorageError } from "../base/errors.ts";
import type { Metainfo } from "../torrent/metainfo.ts";
import { hasBit } from "../base/bits.ts";
import { readBootId } from "./boot_id.ts";
import { Files, type FilesOptions } from "./files.ts";
import { Folders } from "./folders.ts";
import { ensureFreeSpace } from "./free_space.ts";
import type { JournalRecord } from "./journal.ts";
import { JournalFile } from "./journal_file.ts";
import { fitting, headerOf, type OldState, readOldState, withHashed } from "./old_state.ts";
import { type Presence, scanPresence } from "./presence.ts";
import { hashUnvouched } from "./recheck.ts";
import { readRun, writeRun } from "./run.ts";
import { storageFailure, toStorageError } from "./storage_error.ts";
import type { CheckProgress, Resumed, Store } from "./store.ts";

/** Where and how to store. */
export interface DiskStoreOptions extends FilesOptions {
  /** The output folder; made when missing, may be a symbolic link. */
  readonly directory: string;
  /** Whether files and state of something else may be replaced. */
  readonly overwrite?: boolean;
}

/** Files put onto the disk at once by sync(). */
const MAX_SYNCS = 8;

/** Empty files made before others get their turn. */
const FILES_PER_TURN = 256;

/**
 * Opens the place of a torrent on disk and locks it; check() comes next.
 *
 * @throws {StorageError} with the code EBUSY when another process has it; when it cannot be written
 */
// deno-lint-ignore require-await -- so that every failure is a rejection
export async function openDiskStore(
  metainfo: Metainfo,
  options: DiskStoreOptions,
): Promise<DiskStore> {
  const { directory } = options;
  makeDirectory(directory);
  const path = join(directory, `${metainfo.name}.westorrent`);
  const journal = JournalFile.open(path, join(directory, metainfo.name));
  return new DiskStore(metainfo, journal, options);
}

function makeDirectory(directory: string): void {
  try {
    Deno.mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw toStorageError(error, "make folder", directory);
  }
}

/** A Store on disk; use openDiskStore(). */
export class DiskStore implements Store {
  readonly output: string;
  readonly #metainfo: Metainfo;
  readonly #options: DiskStoreOptions;
  readonly #journal: JournalFile;
  readonly #folders: Folders;
  readonly #files: Files;
  /** Files with bytes that may not have reached the disk. */
  #dirty = new Set<number>();
  /** The end of the journal at the last mark. */
  #markedEnd = 0;
  /** The sync under way, and those before it. */
  #syncing: Promise<void> = Promise.resolve();

  /** Made by openDiskStore(). @param journal open and locked; owned from now on */
  constructor(metainfo: Metainfo, journal: JournalFile, options: DiskStoreOptions) {
    this.#metainfo = metainfo;
    this.#journal = journal;
    this.#options = options;
    this.#folders = new Folders(options.directory);
    this.#files = new Files(metainfo.files, this.#folders, options);
    this.output = this.#folders.resolve([metainfo.name]);
  }

  async *check(
    options: { signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Resumed, undefined> {
    const presence = await scanPresence(this.#metainfo, this.#folders, options);
    const old = fitting(readOldState(this.#journal, this.#metainfo), presence);
    if (old.kind === "foreign" && !this.#options.overwrite) {
      throw taken(this.#journal.path, "is the state of another torrent");
    }
    if (old.kind === "state") presence.account(old.state);
    const hashed = yield* hashUnvouched(this.#metainfo, this.#files, { presence, old, ...options });
    if (hashed.every((byte) => byte === 0)) this.#takePlace(old, presence);
    const resumed = withHashed(old, hashed);
    await ensureFreeSpace(this.#options.directory, presence.neededBytes(resumed.verified));
    await this.#begin(old, resumed.verified);
    await this.#makeEmpty(presence.missingEmpty(), options);
    return resumed;
  }

  write(offset: number, bytes: Uint8Array): void {
    writeRun(this.#metainfo.geometry, { offset, bytes }, (span, part) => {
      this.#dirty.add(span.fileIndex);
      this.#files.write(span.fileIndex, span.fileOffset, part);
    });
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    await readRun(this.#metainfo.geometry, { offset, bytes: into }, async (span, part) => {
      const count = await this.#files.read(span.fileIndex, span.fileOffset, part);
      if (count < part.length) throw storageFailure("read", this.output, "ENODATA");
    });
  }

  recordVerified(pieceIndices: readonly number[]): void {
    if (pieceIndices.length > 0) this.#journal.append([{ kind: "verified", pieceIndices }]);
  }

  recordPartial(pieceIndex: number, blocks: Uint8Array): void {
    this.#journal.append([{ kind: "partial", pieceIndex, blocks }]);
  }

  sync(): Promise<void> {
    // One after the other: a second must not take for done what the first still waits for.
    const done = this.#syncing.then(() => this.#syncOnce());
    this.#syncing = done.catch(() => {}); // its caller has the error
    return done;
  }

  async finish(): Promise<void> {
    await this.sync();
    this.#refuseVanished();
    this.#journal.remove();
  }

  /** Closes the files and unlocks the journal, which stays for the next run unless finish() was called. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#syncing;
    await this.#files[Symbol.asyncDispose]();
    this.#journal[Symbol.dispose]();
  }

  /** Nothing of what is there is this torrent's: unless our own state explains it, it is somebody's. */
  #takePlace(old: OldState, presence: Presence): void {
    if (old.kind === "state" || old.kind === "damaged") return;
    const occupied = presence.occupied();
    if (occupied.length === 0) return;
    if (!this.#options.overwrite) throw taken(this.output, "holds something else");
    for (const fileIndex of occupied) this.#files.truncate(fileIndex);
  }

  async #begin(old: OldState, verified: Uint8Array): Promise<void> {
    const pieceIndices: number[] = [];
    for (let pieceIndex = 0; pieceIndex < this.#metainfo.geometry.pieceCount; pieceIndex++) {
      if (!hasBit(verified, pieceIndex)) continue;
      if (old.kind !== "state" || !hasBit(old.state.verified, pieceIndex)) {
        pieceIndices.push(pieceIndex);
      }
      // Another process may have written it and been killed: only the next sync() makes it last.
      if (old.kind !== "state" || !hasBit(old.state.durable, pieceIndex)) this.#soil(pieceIndex);
    }
    const records = [
      { kind: "boot", bootId: readBootId() } as const,
      { kind: "verified", pieceIndices } as const,
    ];
    if (old.kind === "state") {
      this.#journal.cut(old.end);
      this.#journal.append(records);
    } else await this.#restart(records);
  }

  async #restart(records: readonly JournalRecord[]): Promise<void> {
    const isReplacing = this.#journal.end > 0;
    this.#journal.restart(headerOf(this.#metainfo), records);
    // What it said must not come back with a power loss, once the data has changed.
    if (isReplacing) await this.#journal.sync();
  }

  #soil(pieceIndex: number): void {
    const { geometry } = this.#metainfo;
    const offset = geometry.pieceOffset(pieceIndex);
    for (const span of geometry.spans(offset, geometry.pieceLength(pieceIndex))) {
      if (!span.isPadding) this.#dirty.add(span.fileIndex);
    }
  }

  async #makeEmpty(missing: readonly number[], options: { signal: AbortSignal }): Promise<void> {
    if (this.#metainfo.isMultiFile) this.#folders.make([this.#metainfo.name, ""]);
    for (const [made, fileIndex] of missing.entries()) {
      this.#files.create(fileIndex);
      if (made % FILES_PER_TURN === FILES_PER_TURN - 1) await delay(0, options);
    }
  }

  async #syncOnce(): Promise<void> {
    const { end } = this.#journal;
    if (this.#dirty.size === 0 && end === this.#markedEnd) return;
    const dirty = this.#dirty;
    this.#dirty = new Set();
    try {
      await this.#syncFiles(dirty);
      await this.#journal.sync();
    } catch (error) {
      this.#dirty = this.#dirty.union(dirty);
      throw error;
    }
    this.#journal.append([{ kind: "mark", end }]);
    this.#markedEnd = this.#journal.end;
  }

  async #syncFiles(fileIndices: ReadonlySet<number>): Promise<void> {
    const queue = fileIndices.values();
    const work = async (_: unknown, worker: number) => {
      // The first one goes on to the end; others leave when descriptors turn out to be scarce.
      while (worker < this.#files.maxPins) {
        const { done, value: fileIndex } = queue.next();
        if (done) return;
        await this.#files.sync(fileIndex);
      }
    };
    await Promise.all(Array.from({ length: Math.min(MAX_SYNCS, fileIndices.size) }, work));
  }

  /** Open files outlive their names: what was removed meanwhile must not count as stored. */
  #refuseVanished(): void {
    for (const file of this.#metainfo.files) {
      if (file.isPadding) continue;
      const entry = this.#folders.look(file.path);
      if (entry.kind === "file" && entry.sizeBytes >= file.lengthBytes) continue;
      throw storageFailure("finish", this.#folders.resolve(file.path), "ENOENT");
    }
  }
}

function taken(path: string, what: string): StorageError {
  const detail = `it ${what}, use --overwrite to replace it`;
  return new StorageError(`Cannot write "${path}": ${detail}`, path, "EEXIST");
}
