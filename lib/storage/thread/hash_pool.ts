/**
 * Hashes pieces in several threads at once.
 *
 * @module
 */
import { Channel } from "../../base/async.ts";
import {
  allPieces,
  type Hashed,
  HashedSoFar,
  type Hasher,
  HashesSoFar,
  type HashMaker,
  planRanges,
} from "../hashing.ts";
import type { PieceRange } from "../piece_sweep.ts";
import type { CheckProgress } from "../store.ts";
import { encodeLayout, type TorrentLayout } from "../stored_torrent.ts";
import { DiskThread } from "./disk_thread.ts";

/** More threads than this are held up by the memory. */
const MAX_THREADS = 8;

/** So much is worth a thread more, in bytes: starting one takes as long as hashing some of it. */
const BYTES_PER_THREAD = 64 * 1024 * 1024;

/** Ranges that a thread has waiting, so that it never waits for the next. */
const RANGES_AHEAD = 2;

/** Files that each thread keeps open. */
const MAX_OPEN_FILES = 4;

/** How many threads to hash so much with. */
export function threadsFor(lengthBytes: number): number {
  const wanted = Math.ceil(lengthBytes / BYTES_PER_THREAD);
  return Math.max(1, Math.min(wanted, navigator.hardwareConcurrency, MAX_THREADS));
}

/** Threads that know one torrent and the folder that its files lie in. */
export class HashPool implements Hasher, HashMaker, AsyncDisposable {
  readonly #torrent: TorrentLayout;
  readonly #threads: readonly DiskThread[];
  readonly #own: AsyncDisposableStack;

  /** @param threads that have their torrent @param own what of it to dispose */
  private constructor(
    torrent: TorrentLayout,
    threads: readonly DiskThread[],
    own: AsyncDisposableStack,
  ) {
    this.#torrent = torrent;
    this.#threads = threads;
    this.#own = own;
  }

  /**
   * Starts as many threads as are missing to `count`.
   *
   * @param lent threads that have opened the torrent; they stay their owner's
   */
  static async start(
    site: { readonly torrent: TorrentLayout; readonly directory: string },
    count: number,
    lent: readonly DiskThread[] = [],
  ): Promise<HashPool> {
    const { torrent, directory } = site;
    await using starting = new AsyncDisposableStack();
    const started = Array.from(
      { length: count - lent.length },
      () => starting.use(new DiskThread()),
    );
    const record = encodeLayout(torrent);
    const argument = { torrent: record, directory, maxOpenFiles: MAX_OPEN_FILES };
    await Promise.all(started.map((thread) => thread.call("open", argument)));
    return new HashPool(torrent, [...lent, ...started], starting.move());
  }

  async *hash(
    wanted: Uint8Array,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Hashed, undefined> {
    const { geometry } = this.#torrent;
    const hashed = new HashedSoFar(geometry);
    await Promise.all(this.#threads.map((thread) => thread.call("want", wanted)));
    const sharing = this.#share(planRanges(geometry, wanted), {
      work: (thread, range) => thread.call("hash", range),
      signal,
    });
    for await (const [range, findings] of sharing) {
      hashed.add(range, findings);
      yield hashed.progress;
    }
    signal.throwIfAborted();
    return hashed;
  }

  async *makeHashes(
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Uint8Array, undefined> {
    const { geometry } = this.#torrent;
    const made = new HashesSoFar(geometry);
    const sharing = this.#share(planRanges(geometry, allPieces(geometry)), {
      work: (thread, range) => thread.call("makeHashes", range),
      signal,
    });
    for await (const [range, hashes] of sharing) {
      made.add(range, hashes);
      yield made.progress;
    }
    signal.throwIfAborted();
    return made.hashes;
  }

  /** Has the ranges worked on, by whoever is free; those that are begun are ended. */
  async *#share<Result>(
    ranges: Iterator<PieceRange, void>,
    { work, signal }: {
      readonly work: (thread: DiskThread, range: PieceRange) => Promise<Result>;
      readonly signal: AbortSignal;
    },
  ): AsyncGenerator<readonly [PieceRange, Result], void, undefined> {
    using results = new Channel<readonly [PieceRange, Result]>();
    const serve = async (thread: DiskThread) => {
      while (!signal.aborted) {
        const { value: range } = ranges.next();
        if (range === undefined) return;
        if (!results.push([range, await work(thread, range)])) return;
      }
    };
    const working = this.#threads.flatMap((thread) =>
      Array.from({ length: RANGES_AHEAD }, () => serve(thread))
    );
    const done = Promise.all(working);
    done.then(() => results.close(), (error: unknown) => results.fail(error));
    try {
      yield* results;
    } finally {
      results[Symbol.dispose]();
      await Promise.allSettled(working);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#own.disposeAsync();
  }
}
