/**
 * Bytes of a source as they come, up to the limit.
 *
 * @module
 */
import { MetainfoError } from "../base/errors.ts";

/** The longest torrent that is read, in bytes; checked before anything of that size is allocated. */
export const MAX_SOURCE_LENGTH = 64 * 1024 * 1024;

/** How many bytes are first made room for. */
const FIRST_BUFFER_LENGTH = 64 * 1024;

/** Bytes of unknown number, gathered up to the limit. */
export class ByteGatherer {
  readonly #shown: string;
  #buffer: Uint8Array<ArrayBuffer>;
  #length = 0;

  /**
   * @param shown what is read, for people
   * @param expectedLength where it is known, in bytes; it may be wrong
   */
  constructor(shown: string, expectedLength = 0) {
    this.#shown = shown;
    // One byte more, so that there is room to find the end in.
    const length = Math.min(expectedLength, MAX_SOURCE_LENGTH) + 1;
    this.#buffer = new Uint8Array(Math.max(length, FIRST_BUFFER_LENGTH));
  }

  /** Room behind the bytes, never none: what is written to it is theirs after commit(). */
  space(): Uint8Array<ArrayBuffer> {
    if (this.#length === this.#buffer.length) this.#grow(this.#length + 1);
    return this.#buffer.subarray(this.#length);
  }

  /** So many bytes were written to the space(). @throws {MetainfoError} beyond the limit */
  commit(lengthBytes: number): void {
    this.#length += lengthBytes;
    if (this.#length > MAX_SOURCE_LENGTH) throw tooLong(this.#shown);
  }

  /** Copies bytes to the end. @throws {MetainfoError} beyond the limit */
  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > MAX_SOURCE_LENGTH) throw tooLong(this.#shown);
    if (length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  #grow(lengthBytes: number): void {
    const larger = new Uint8Array(Math.max(lengthBytes, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }

  /** All of them. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length);
  }
}

/** What is thrown beyond the limit; `shown` is what is read, for people. */
export function tooLong(shown: string): MetainfoError {
  const limit = MAX_SOURCE_LENGTH / 1024 / 1024;
  return new MetainfoError(
    `Cannot read ${shown}: it is longer than ${limit} MiB, no torrent is`,
    "",
  );
}
