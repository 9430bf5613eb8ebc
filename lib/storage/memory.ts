/**
 * A torrent's bytes in memory: for tests, and for whoever wants no files.
 *
 * @module
 */
import { emptyBits, setBit } from "../base/bits.ts";
import type { Metainfo } from "../torrent/metainfo.ts";
import { PieceKeeper } from "./piece_keeper.ts";
import { forEachSpan } from "./run.ts";
import type { CheckProgress, Outcome, Resumed, RunBytes, Store } from "./store.ts";

/** A Store that lasts as long as it is referred to: a second check() finds what was recorded before. */
export class MemoryStore implements Store {
  readonly output: string;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #verified: Uint8Array<ArrayBuffer>;
  readonly #partial = new Map<number, Uint8Array>();
  readonly #metainfo: Metainfo;
  readonly #keeper: PieceKeeper;

  /** Takes as much memory as the torrent is long. @throws {RangeError} when the torrent is too long for one ArrayBuffer */
  constructor(metainfo: Metainfo) {
    this.output = metainfo.name;
    this.#metainfo = metainfo;
    this.#bytes = new Uint8Array(metainfo.geometry.totalLength);
    this.#verified = emptyBits(metainfo.geometry.pieceCount);
    this.#keeper = new PieceKeeper(metainfo, {
      write: (offset, bytes) => this.#write(offset, bytes),
      read: (offset, into) => this.#read(offset, into),
    });
  }

  /** All bytes of the torrent as they are now, padding included as zeros; not a copy. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  // deno-lint-ignore require-yield -- nothing here takes long enough to report
  async *check(
    options: { signal: AbortSignal },
  ): AsyncGenerator<CheckProgress, Resumed, undefined> {
    options.signal.throwIfAborted();
    return await Promise.resolve({
      verified: this.#verified.slice(),
      partial: new Map(this.#partial),
    });
  }

  put(runs: readonly RunBytes[]): Promise<readonly Outcome[]> {
    return Promise.try(() => runs.map((run) => this.#putNow(run)));
  }

  digests(pieceIndex: number): Promise<readonly string[]> {
    return Promise.try(() => this.#keeper.digests(pieceIndex));
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return Promise.try(() => this.#read(offset, into));
  }

  recordPartial(pieceIndex: number, blocks: Uint8Array): Promise<void> {
    if (blocks.every((byte) => byte === 0)) this.#partial.delete(pieceIndex);
    else this.#partial.set(pieceIndex, blocks.slice());
    return Promise.resolve();
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing is open, so nothing is dropped. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #putNow(run: RunBytes): Outcome {
    const outcome = this.#keeper.put(run);
    if (outcome.kind === "right") {
      setBit(this.#verified, run.pieceIndex);
      this.#partial.delete(run.pieceIndex);
    }
    return outcome;
  }

  #write(offset: number, bytes: Uint8Array): void {
    const { geometry } = this.#metainfo;
    forEachSpan(geometry, { offset, bytes }, (span, part) => {
      if (span.isPadding) return;
      this.#bytes.set(part, geometry.fileOffset(span.fileIndex) + span.fileOffset);
    });
  }

  #read(offset: number, into: Uint8Array): void {
    const { geometry } = this.#metainfo;
    forEachSpan(geometry, { offset, bytes: into }, (span, part) => {
      const start = geometry.fileOffset(span.fileIndex) + span.fileOffset;
      part.set(this.#bytes.subarray(start, start + part.length));
    });
  }
}
