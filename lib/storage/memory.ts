/**
 * A torrent's bytes in memory: for tests, and for whoever wants no files.
 *
 * @module
 */
import type { Geometry } from "../torrent/geometry.ts";
import type { Metainfo } from "../torrent/metainfo.ts";
import { emptyBits, setBit } from "../base/bits.ts";
import { readRun, writeRun } from "./run.ts";
import type { CheckProgress, Resumed, Store } from "./store.ts";

/** A Store that lasts as long as it is referred to: a second check() finds what was recorded before. */
export class MemoryStore implements Store {
  readonly output: string;
  readonly #geometry: Geometry;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #verified: Uint8Array<ArrayBuffer>;
  readonly #partial = new Map<number, Uint8Array>();

  /** Takes as much memory as the torrent is long. @throws {RangeError} when the torrent is too long for one ArrayBuffer */
  constructor(metainfo: Metainfo) {
    this.output = metainfo.name;
    this.#geometry = metainfo.geometry;
    this.#bytes = new Uint8Array(metainfo.geometry.totalLength);
    this.#verified = emptyBits(metainfo.geometry.pieceCount);
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

  write(offset: number, bytes: Uint8Array): void {
    writeRun(this.#geometry, { offset, bytes }, (span, part) => {
      this.#bytes.set(part, this.#geometry.fileOffset(span.fileIndex) + span.fileOffset);
    });
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return readRun(this.#geometry, { offset, bytes: into }, (span, part) => {
      const start = this.#geometry.fileOffset(span.fileIndex) + span.fileOffset;
      part.set(this.#bytes.subarray(start, start + part.length));
      return Promise.resolve();
    });
  }

  recordVerified(pieceIndices: readonly number[]): void {
    for (const pieceIndex of pieceIndices) {
      setBit(this.#verified, pieceIndex);
      this.#partial.delete(pieceIndex);
    }
  }

  recordPartial(pieceIndex: number, blocks: Uint8Array): void {
    if (blocks.every((byte) => byte === 0)) this.#partial.delete(pieceIndex);
    else this.#partial.set(pieceIndex, blocks.slice());
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
}
