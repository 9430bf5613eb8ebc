/**
 * Bytes of a source as they come, up to the limit.
 *
 * @module
 */
import { MetainfoError } from "../base/errors.ts";

/** The longest torrent that is read, in bytes; checked before anything of that size is allocated. */
export const MAX_SOURCE_LENGTH = 64 * 1024 * 1024;

/** How many bytes are read at a time, and first made room for. */
export const FIRST_BUFFER_LENGTH = 64 * 1024;

/** Bytes of unknown number, gathered up to the limit. */
export class ByteGatherer {
  readonly #shown: string;
  #buffer = new Uint8Array(FIRST_BUFFER_LENGTH);
  #length = 0;

  /** @param shown what is read, for people */
  constructor(shown: string) {
    this.#shown = shown;
  }

  /** Copies bytes to the end. @throws {MetainfoError} beyond the limit */
  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > MAX_SOURCE_LENGTH) throw tooLong(this.#shown);
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  /** All of them. */
  bytes(): Uint8Array {
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
