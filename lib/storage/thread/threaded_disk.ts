/**
 * A disk in a thread of its own: hashing and writing overlap the network, and no slow disk stops a
 * connection.
 *
 * @module
 */
import { countBits } from "../../base/bits.ts";
import { type Memory, sharedMemory } from "../../base/memory.ts";
import type { Disk } from "../disk.ts";
import type { FilesOptions } from "../files.ts";
import type { Hashed } from "../hashing.ts";
import type { CheckProgress, Outcome, RunBytes } from "../store.ts";
import { encodeLayout, type StoredTorrent } from "../stored_torrent.ts";
import type { TorrentReader } from "../torrent_reader.ts";
import { decodeFailure } from "./calls.ts";
import { DiskThread, type Notice } from "./disk_thread.ts";
import { HashPool, threadsFor } from "./hash_pool.ts";
import { makeRing, OUTCOME, RingWriter } from "./ring.ts";

const STORED: Outcome = Object.freeze({ kind: "stored" });
const RIGHT: Outcome = Object.freeze({ kind: "right" });

/** Runs that were put together, with who waits for them. */
interface Put {
  readonly runs: readonly RunBytes[];
  /** How many of them are in the ring, or were. */
  pushed: number;
  /** Of those that are done. */
  readonly outcomes: (Outcome | Promise<Outcome>)[];
  readonly done: PromiseWithResolvers<readonly Outcome[]>;
}

/** Whether nothing has to be waited for, as it nearly always is: that takes a promise for each. */
function areThere(outcomes: Put["outcomes"]): outcomes is Outcome[] {
  return !outcomes.some((outcome) => outcome instanceof Promise);
}

/** Where the files are, and how much memory is shared with the thread. */
export interface ThreadedDiskOptions extends FilesOptions {
  /** The output folder. */
  readonly directory: string;
  /** Of the memory that runs are put from, in bytes. @default none */
  readonly memoryBytes?: number;
}

/** Owns its thread. */
export class ThreadedDisk implements Disk {
  readonly memory: Memory;
  readonly #torrent: StoredTorrent;
  readonly #options: ThreadedDiskOptions;
  readonly #writer: RingWriter;
  readonly #thread: DiskThread;
  /** Rejects when the disk could not be opened; every call then fails of itself. */
  readonly #opening: Promise<void>;
  /** Those that are not done, the oldest first. */
  readonly #puts: Put[] = [];
  /** Where in it the first one is that has runs for which the ring had no room. */
  #next = 0;
  /** What was said of runs that did not go well, by their number. */
  readonly #verdicts = new Map<number, PromiseWithResolvers<Outcome>>();
  /** Loaded by the first read, for many runs read nothing. */
  #loading: Promise<TorrentReader> | undefined;
  #reader: TorrentReader | undefined;
  /** How many runs were put, as the ring counts. */
  #putCount = 0;
  #state: "idle" | "watching" = "idle";
  #death: Error | undefined;

  /** Starts the thread; what is asked of it waits until it is there. */
  constructor(torrent: StoredTorrent, options: ThreadedDiskOptions) {
    this.#torrent = torrent;
    this.#options = options;
    const { directory, memoryBytes = 0, maxOpenFiles } = options;
    this.memory = sharedMemory(memoryBytes);
    const ring = makeRing();
    this.#writer = new RingWriter(ring);
    this.#thread = new DiskThread({
      onNotice: (notice) => this.#note(notice),
      onDeath: (error) => this.#die(error),
      onCall: () => {
        this.#writer.announceCall();
        return this.#putCount;
      },
    });
    const memory = this.memory.bytes.buffer as SharedArrayBuffer;
    const feed = { ring, memory };
    const argument = { torrent: encodeLayout(torrent), directory, maxOpenFiles, feed };
    this.#opening = this.#thread.call("open", argument);
    // Nobody takes runs from the ring then; what is asked by message fails of itself.
    this.#opening.catch((error: Error) => this.#die(error));
  }

  put(runs: readonly RunBytes[]): Promise<readonly Outcome[]> {
    const { buffer } = this.memory.bytes;
    if (runs.some(({ bytes }) => bytes.buffer !== buffer)) return this.#thread.call("put", runs);
    if (this.#death !== undefined) return Promise.reject(this.#death);
    if (runs.length === 0) return Promise.resolve([]);
    const done = Promise.withResolvers<readonly Outcome[]>();
    this.#putCount = (this.#putCount + runs.length) | 0;
    this.#puts.push({ runs, pushed: 0, outcomes: [], done });
    this.#fillRing();
    return done.promise;
  }

  digests(pieceIndex: number): Promise<readonly string[]> {
    return this.#thread.call("digests", pieceIndex);
  }

  /** Not by the disk's thread, which may have much to store. */
  read(offset: number, into: Uint8Array): Promise<void> {
    if (this.#reader !== undefined) return this.#reader.read(offset, into);
    this.#loading ??= this.#loadReader();
    return this.#loading.then((reader) => reader.read(offset, into));
  }

  async *hash(
    wanted: Uint8Array,
    options: { readonly signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Hashed, undefined> {
    await this.#opening;
    const { directory } = this.#options;
    const count = threadsFor(countBits(wanted) * this.#torrent.pieceLength);
    const site = { torrent: this.#torrent, directory };
    await using pool = await HashPool.start(site, count, [this.#thread]);
    return yield* pool.hash(wanted, options);
  }

  probe(pieces: Uint8Array): Promise<Uint8Array> {
    return this.#thread.call("probe", pieces);
  }

  create(fileIndices: readonly number[]): Promise<void> {
    return this.#thread.call("create", fileIndices);
  }

  truncate(fileIndices: readonly number[]): Promise<void> {
    return this.#thread.call("truncate", fileIndices);
  }

  soil(pieces: Uint8Array): Promise<void> {
    return this.#thread.call("soil", pieces);
  }

  sync(): Promise<void> {
    return this.#thread.call("sync", undefined);
  }

  freeBytes(): Promise<number | undefined> {
    return this.#thread.call("freeBytes", undefined);
  }

  /** Closes the files and ends the thread, after all that was asked of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const reader = await this.#loading?.catch(() => undefined); // whoever reads has the error
    await Promise.all([this.#thread[Symbol.asyncDispose](), reader?.[Symbol.asyncDispose]()]);
  }

  async #loadReader(): Promise<TorrentReader> {
    const { TorrentReader } = await import("../torrent_reader.ts");
    const { directory, ...options } = this.#options;
    return this.#reader = new TorrentReader(this.#torrent, directory, options);
  }

  #fillRing(): void {
    while (this.#writer.hasRoom) {
      const put = this.#puts[this.#next];
      if (put === undefined) break;
      const run = put.runs[put.pushed];
      if (run === undefined) this.#next++;
      else {
        const { pieceIndex, begin, bytes, endsPiece } = run;
        const [start, lengthBytes] = [bytes.byteOffset, bytes.length];
        this.#writer.push({ pieceIndex, begin, start, lengthBytes, endsPiece });
        put.pushed++;
      }
    }
    if (this.#state === "idle") this.#watch();
  }

  /** Settles what is done, as long as anything is under way. */
  async #watch(): Promise<void> {
    this.#state = "watching";
    while (this.#puts.length > 0) {
      await this.#writer.waitForOutcome();
      for (const { done } = this.#writer; this.#writer.settled !== done;) {
        this.#settle(this.#takeOutcome());
      }
      this.#fillRing();
    }
    this.#state = "idle";
  }

  /** The next run is done. */
  #settle(outcome: Outcome | Promise<Outcome>): void {
    const [put] = this.#puts;
    put?.outcomes.push(outcome);
    if (put?.outcomes.length !== put?.runs.length) return;
    this.#puts.shift();
    if (this.#next > 0) this.#next--;
    put?.done.resolve(areThere(put.outcomes) ? put.outcomes : Promise.all(put.outcomes));
  }

  #takeOutcome(): Outcome | Promise<Outcome> {
    const { settled: entry } = this.#writer;
    switch (this.#writer.takeOutcome()) {
      case OUTCOME.stored:
        return STORED;
      case OUTCOME.right:
        return RIGHT;
      default:
        return this.#verdict(entry).promise;
    }
  }

  /** A message and its run's turn come in either order: the second one finds what the first one made. */
  #verdict(entry: number): PromiseWithResolvers<Outcome> {
    const made = this.#verdicts.get(entry);
    if (made !== undefined) {
      this.#verdicts.delete(entry);
      return made;
    }
    const verdict = Promise.withResolvers<Outcome>();
    this.#verdicts.set(entry, verdict);
    return verdict;
  }

  #note(notice: Notice): void {
    if (notice.kind === "shortage") return this.#answerShortage();
    const verdict = this.#verdict(notice.entry);
    if (notice.kind === "wrong") verdict.resolve({ kind: "wrong", digests: notice.digests });
    else {
      verdict.promise.catch(() => {}); // it is for whoever has put the run
      verdict.reject(decodeFailure(notice.failure));
    }
  }

  /** A closed connection gives its descriptor back after the present turn only: the answer waits for that. */
  #answerShortage(): void {
    const isWorthATry = this.#options.onDescriptorShortage?.() ?? false;
    setTimeout(() => this.#writer.answer(isWorthATry ? "yes" : "no"));
  }

  #die(error: Error): void {
    this.#death ??= error;
    for (const { done } of this.#puts.splice(0)) done.reject(error);
    this.#next = 0;
  }
}
