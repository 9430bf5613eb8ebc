/**
 * Which bytes of a torrent can be on the disk at all, judged from the sizes of its files: what cannot
 * be there need not be read.
 *
 * @module
 */
import { delay } from "../base/async.ts";
import { BLOCK_LENGTH, type Geometry } from "../torrent/geometry.ts";
import { forEachBit, hasBit } from "../base/bits.ts";
import type { Folders } from "./folders.ts";
import type { JournalState } from "./journal_state.ts";
import { isOnDisk, type StoredTorrent } from "./stored_torrent.ts";

/** Files looked at before others get their turn. */
const FILES_PER_TURN = 1024;

/** Below this, in bytes, a file system may keep the content elsewhere than in blocks. */
const MIN_TRACKED_LENGTH = 64 * 1024;

/** The size of a file that is not there. */
const MISSING = -1;

/** What the disk holds of one torrent, as found at the start. */
export class Presence {
  readonly #torrent: StoredTorrent;
  readonly #geometry: Geometry;
  readonly #sizes: Float64Array;
  /** What each file takes on the disk; NaN where unknown. */
  readonly #allocated: Float64Array;
  /** What of that nothing accounts for yet; NaN where nothing can be concluded from it. */
  readonly #spare: Float64Array;
  /** When the last of the files was written, in milliseconds since 1970. */
  #modifiedAtMs = -Infinity;

  /** Use scanPresence(). */
  constructor(torrent: StoredTorrent) {
    this.#torrent = torrent;
    this.#geometry = torrent.geometry;
    this.#sizes = new Float64Array(torrent.files.length).fill(MISSING);
    this.#allocated = new Float64Array(torrent.files.length).fill(NaN);
    this.#spare = new Float64Array(torrent.files.length).fill(NaN);
  }

  /** Looks at one file. @throws {StorageError} when something else than a file is in its place */
  look(fileIndex: number, folders: Folders): void {
    const file = this.#torrent.files[fileIndex];
    if (file === undefined || !isOnDisk(file)) return;
    const entry = folders.look(file.path);
    if (entry.kind === "missing") return;
    this.#sizes[fileIndex] = entry.sizeBytes;
    this.#allocated[fileIndex] = entry.allocatedBytes ?? NaN;
    this.#modifiedAtMs = Math.max(this.#modifiedAtMs, entry.modifiedAtMs);
  }

  /** When the last of the files was written, in milliseconds since 1970; Infinity where nobody knows. */
  get modifiedAtMs(): number {
    return this.#modifiedAtMs;
  }

  /** How many pieces the torrent has. */
  get pieceCount(): number {
    return this.#geometry.pieceCount;
  }

  /** Whether no file is there at all. */
  get isNowhere(): boolean {
    return this.#sizes.every((size) => size === MISSING);
  }

  /** The files that have bytes where the torrent has some too. */
  occupied(): number[] {
    return this.#torrent.files.flatMap((file, fileIndex) =>
      file.lengthBytes > 0 && this.#size(fileIndex) > 0 ? [fileIndex] : []
    );
  }

  /** The files that are empty and not there. */
  missingEmpty(): number[] {
    return this.#torrent.files.flatMap((file, fileIndex) =>
      file.lengthBytes === 0 && isOnDisk(file) && this.#size(fileIndex) === MISSING
        ? [fileIndex]
        : []
    );
  }

  /** Whether every file reaches as far as the piece needs. */
  reaches(pieceIndex: number): boolean {
    for (const span of this.#pieceSpans(pieceIndex)) {
      if (this.#size(span.fileIndex) < span.fileOffset + span.lengthBytes) return false;
    }
    return true;
  }

  /**
   * From now on, what the state vouches for accounts for the room its bytes take: where a file takes no
   * more than that, nothing else can be in it. A file that takes less is compressed, and tells nothing.
   */
  account(state: JournalState): void {
    this.#spare.set(this.#allocated);
    for (let pieceIndex = 0; pieceIndex < this.#geometry.pieceCount; pieceIndex++) {
      if (!hasBit(state.verified, pieceIndex)) continue;
      for (const span of this.#pieceSpans(pieceIndex)) this.#use(span.fileIndex, span.lengthBytes);
    }
    for (const [pieceIndex, blocks] of state.partial) this.#usePartial(pieceIndex, blocks);
    this.#spare.forEach((bytes, fileIndex) => {
      if (bytes < 0) this.#spare[fileIndex] = NaN;
    });
  }

  /** Whether the whole piece can be there. */
  mayHold(pieceIndex: number): boolean {
    for (const span of this.#pieceSpans(pieceIndex)) {
      if (this.#size(span.fileIndex) < span.fileOffset + span.lengthBytes) return false;
      const spare = this.#spare[span.fileIndex] ?? NaN;
      if (span.lengthBytes >= MIN_TRACKED_LENGTH && spare < span.lengthBytes) return false;
    }
    return true;
  }

  /** So much data was found, by file: the room that it takes is accounted for. */
  found(dataBytes: ReadonlyMap<number, number>): void {
    for (const [fileIndex, bytes] of dataBytes) this.#use(fileIndex, bytes);
  }

  /** How many bytes of disk are still to be taken for the pieces that are not verified. */
  neededBytes(verified: Uint8Array): number {
    const missing = Float64Array.from(this.#torrent.files, ({ lengthBytes }) => lengthBytes);
    forEachBit(verified, (pieceIndex) => {
      for (const { fileIndex, lengthBytes } of this.#pieceSpans(pieceIndex)) {
        missing[fileIndex] = (missing[fileIndex] ?? 0) - lengthBytes;
      }
    });
    let needed = 0;
    this.#torrent.files.forEach(({ isPadding }, fileIndex) => {
      if (isPadding) return;
      needed += Math.min(missing[fileIndex] ?? 0, this.#unallocated(fileIndex));
    });
    return needed;
  }

  #unallocated(fileIndex: number): number {
    const lengthBytes = this.#torrent.files[fileIndex]?.lengthBytes ?? 0;
    const allocated = this.#allocated[fileIndex] ?? NaN;
    const taken = Number.isNaN(allocated) ? this.#size(fileIndex) : allocated;
    return Math.max(0, lengthBytes - Math.max(0, taken));
  }

  #usePartial(pieceIndex: number, blocks: Uint8Array): void {
    const offset = this.#geometry.pieceOffset(pieceIndex);
    for (let block = 0; block < this.#geometry.blockCount(pieceIndex); block++) {
      if (!hasBit(blocks, block)) continue;
      const lengthBytes = this.#geometry.blockLength(pieceIndex, block);
      for (const span of this.#geometry.spans(offset + block * BLOCK_LENGTH, lengthBytes)) {
        this.#use(span.fileIndex, span.lengthBytes);
      }
    }
  }

  #use(fileIndex: number, lengthBytes: number): void {
    this.#spare[fileIndex] = (this.#spare[fileIndex] ?? NaN) - lengthBytes;
  }

  #size(fileIndex: number): number {
    return this.#sizes[fileIndex] ?? MISSING;
  }

  *#pieceSpans(pieceIndex: number) {
    const offset = this.#geometry.pieceOffset(pieceIndex);
    for (const span of this.#geometry.spans(offset, this.#geometry.pieceLength(pieceIndex))) {
      if (!span.isPadding) yield span;
    }
  }
}

/**
 * Looks at every file of the torrent.
 *
 * @throws {StorageError} when something else than a file is in the place of one
 */
export async function scanPresence(
  torrent: StoredTorrent,
  folders: Folders,
  options: { signal: AbortSignal },
): Promise<Presence> {
  const presence = new Presence(torrent);
  options.signal.throwIfAborted();
  for (let fileIndex = 0; fileIndex < torrent.files.length; fileIndex++) {
    presence.look(fileIndex, folders);
    if (fileIndex % FILES_PER_TURN === FILES_PER_TURN - 1) await delay(0, options);
  }
  return presence;
}
