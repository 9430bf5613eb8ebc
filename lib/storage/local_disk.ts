/**
 * A disk that works where it is: whoever calls it waits.
 *
 * @module
 */
import { delay } from "../base/async.ts";
import { isDescriptorShortage } from "../base/errors.ts";
import { emptyBits, forEachBit, setBit } from "../base/bits.ts";
import { HASH_LENGTH } from "../torrent/geometry.ts";
import { sha1Later } from "../torrent/sha1.ts";
import type { Disk } from "./disk.ts";
import { Files, type FilesOptions } from "./files.ts";
import { Folders } from "./folders.ts";
import { readFreeBytes } from "./free_space.ts";
import {
  allPieces,
  type Hashed,
  HashedSoFar,
  HashesSoFar,
  type HashMaker,
  planRanges,
} from "./hashing.ts";
import { type Findings, PieceHasher } from "./piece_hasher.ts";
import { PieceKeeper } from "./piece_keeper.ts";
import { type PieceRange, PieceSweep } from "./piece_sweep.ts";
import type { CheckProgress, Outcome, RunBytes } from "./store.ts";
import type { TorrentLayout } from "./stored_torrent.ts";
import { TorrentFiles } from "./torrent_files.ts";
import { TorrentReader } from "./torrent_reader.ts";
import { isZero } from "./zeros.ts";

/** How many bytes at each end of a piece tell whether something was written. */
const PROBE_LENGTH = 256;

/** How much is hashed, in bytes, before it is asked whether it is others' turn; there may be many files in it. */
const RANGE_LENGTH = 256 * 1024;

/** How long others wait for their turn, in milliseconds. */
const TURN_MS = 20;

/** How many times others get one when no descriptor is left, before that is an error. */
const SHORTAGE_TURNS = 100;

/** Empty files made before others get their turn. */
const FILES_PER_TURN = 256;

/** Owns the files of one torrent. */
export class LocalDisk implements Disk, HashMaker {
  readonly #torrent: TorrentLayout;
  readonly #directory: string;
  readonly #options: FilesOptions;
  readonly #files: Files;
  readonly #bytes: TorrentFiles;
  readonly #keeper: PieceKeeper;
  readonly #sweep: PieceSweep;
  readonly #hasher: PieceHasher;
  /** Never rejects. */
  #lastPut: Promise<void> = Promise.resolve();
  /** Made by the first read. */
  #reader: TorrentReader | undefined;

  /** Opens nothing yet. @param directory the output folder */
  constructor(torrent: TorrentLayout, directory: string, options: FilesOptions = {}) {
    this.#torrent = torrent;
    this.#directory = directory;
    this.#options = options;
    this.#files = new Files(torrent.files, new Folders(directory), options);
    this.#bytes = new TorrentFiles(torrent, this.#files);
    this.#keeper = new PieceKeeper(torrent, this.#bytes);
    this.#sweep = new PieceSweep(torrent.geometry);
    this.#hasher = new PieceHasher(torrent, this.#files, this.#sweep);
  }

  /** put(), at once; see PieceKeeper. @throws {StorageError} */
  putNow(run: RunBytes, digest?: Uint8Array): Outcome {
    return this.#keeper.put(run, digest);
  }

  /** Hashes those pieces of a range whose bit is set, at once. */
  hashNow(range: PieceRange, wanted: Uint8Array): Findings {
    return this.#hasher.hash(range, wanted);
  }

  /** Makes the hashes of the pieces of a range, at once. @throws {StorageError} */
  makeHashesNow(range: PieceRange): Uint8Array {
    const { first, end } = range;
    const hashes = new Uint8Array((end - first) * HASH_LENGTH);
    this.#sweep.run(range, {
      read: (offset, into) => this.#bytes.read(offset, into),
      finish: (pieceIndex, digest) => hashes.set(digest, (pieceIndex - first) * HASH_LENGTH),
    });
    return hashes;
  }

  put(runs: readonly RunBytes[]): Promise<readonly Outcome[]> {
    return Promise.all(runs.map((run) => this.#putInTurn(run)));
  }

  /** One after the other, though one may have to wait for a descriptor. */
  #putInTurn(run: RunBytes): Promise<Outcome> {
    const digest = this.#digestLater(run);
    const outcome = this.#lastPut.then(async () => this.#putPatiently(run, await digest));
    this.#lastPut = outcome.then(() => {}, () => {}); // a failure is for whoever has put the run
    return outcome;
  }

  /** Of a whole piece; not by this thread, which may have other things to do. */
  #digestLater(run: RunBytes): Promise<Uint8Array> | undefined {
    const { bytes } = run;
    const isPlain = bytes.buffer instanceof ArrayBuffer;
    if (!isPlain || !this.#keeper.isWhole(run)) return undefined;
    return sha1Later(bytes as Uint8Array<ArrayBuffer>);
  }

  /** Connections that are closed for our sake give their descriptors back only when others have had a turn. */
  async #putPatiently(run: RunBytes, digest: Uint8Array | undefined): Promise<Outcome> {
    for (let turnsLeft = SHORTAGE_TURNS; turnsLeft > 0; turnsLeft--) {
      try {
        return this.putNow(run, digest);
      } catch (error) {
        if (!isDescriptorShortage(error)) throw error;
        await delay(TURN_MS);
      }
    }
    return this.putNow(run, digest);
  }

  digests(pieceIndex: number): Promise<readonly string[]> {
    return Promise.try(() => this.#keeper.digests(pieceIndex));
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.#reader ??= new TorrentReader(this.#torrent, this.#directory, this.#options);
    await this.#reader.read(offset, into);
  }

  async *hash(
    wanted: Uint8Array,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Hashed, undefined> {
    const { geometry } = this.#torrent;
    const hashed = new HashedSoFar(geometry);
    for await (const range of takingTurns(planRanges(geometry, wanted, RANGE_LENGTH), signal)) {
      hashed.add(range, this.hashNow(range, wanted));
      yield hashed.progress;
    }
    return hashed;
  }

  async *makeHashes(
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Uint8Array, undefined> {
    const { geometry } = this.#torrent;
    const made = new HashesSoFar(geometry);
    const ranges = planRanges(geometry, allPieces(geometry), RANGE_LENGTH);
    for await (const range of takingTurns(ranges, signal)) {
      made.add(range, this.makeHashesNow(range));
      yield made.progress;
    }
    return made.hashes;
  }

  probe(pieces: Uint8Array): Promise<Uint8Array> {
    return Promise.try(() => {
      const likely = emptyBits(this.#torrent.geometry.pieceCount);
      forEachBit(pieces, (pieceIndex) => {
        if (this.#hasData(pieceIndex)) setBit(likely, pieceIndex);
      });
      return likely;
    });
  }

  async create(fileIndices: readonly number[]): Promise<void> {
    for (const [made, fileIndex] of fileIndices.entries()) {
      this.#files.create(fileIndex);
      if (made % FILES_PER_TURN === FILES_PER_TURN - 1) await delay(0);
    }
  }

  truncate(fileIndices: readonly number[]): Promise<void> {
    return Promise.try(() => {
      for (const fileIndex of fileIndices) this.#files.truncate(fileIndex);
    });
  }

  soil(pieces: Uint8Array): Promise<void> {
    forEachBit(pieces, (pieceIndex) => this.#bytes.soil(pieceIndex));
    return Promise.resolve();
  }

  sync(): Promise<void> {
    return this.#bytes.sync();
  }

  freeBytes(): Promise<number | undefined> {
    return readFreeBytes(this.#directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#files[Symbol.asyncDispose](), this.#reader?.[Symbol.asyncDispose]()]);
  }

  #hasData(pieceIndex: number): boolean {
    const { geometry } = this.#torrent;
    const start = geometry.pieceOffset(pieceIndex);
    const end = start + geometry.pieceLength(pieceIndex);
    return [start, Math.max(start, end - PROBE_LENGTH)].some((offset) => {
      for (const span of geometry.spans(offset, Math.min(PROBE_LENGTH, end - offset))) {
        if (span.isPadding) continue;
        const probe = new Uint8Array(span.lengthBytes);
        this.#files.read(span.fileIndex, span.fileOffset, probe);
        if (!isZero(probe)) return true;
      }
      return false;
    });
  }
}

/** The ranges, with a turn for others in between now and then. @throws the signal's reason */
async function* takingTurns(
  ranges: Iterable<PieceRange>,
  signal: AbortSignal,
): AsyncGenerator<PieceRange, void, undefined> {
  let turnMs = performance.now();
  for (const range of ranges) {
    signal.throwIfAborted();
    if (performance.now() - turnMs >= TURN_MS) {
      await delay(0, { signal });
      turnMs = performance.now();
    }
    yield range;
  }
}
