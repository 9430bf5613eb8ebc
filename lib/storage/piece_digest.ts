/**
 * SHA-1 of pieces and of their blocks.
 *
 * @module
 */
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import { createSha1, type RunningSha1, sha1 } from "../torrent/sha1.ts";
import { isZero, ZEROS } from "./zeros.ts";

/** Zeros counted before they are hashed after all, in bytes: hashing them at once must not take long. */
const MAX_ZERO_COUNT = 16 * 1024 * 1024;

/** Whether two hashes are the same. */
export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) {
    if (a[at] !== b[at]) return false;
  }
  return true;
}

/** A digest of each block, in order; `bytes` begins with one. */
export function digestBlocks(bytes: Uint8Array): string[] {
  const digests: string[] = [];
  for (let begin = 0; begin < bytes.length; begin += BLOCK_LENGTH) {
    digests.push(sha1(bytes.subarray(begin, begin + BLOCK_LENGTH)).toBase64());
  }
  return digests;
}

/**
 * SHA-1 over one piece after the other, fed in order. Leading zeros are counted, and hashed only when
 * needed: the holes of a sparse file cost next to nothing.
 */
export class PieceDigest {
  #hash: RunningSha1 | undefined;
  #zeroCount = 0;
  /** By length: of pieces that are all zeros, of which there are one or two lengths. */
  readonly #zeroDigests = new Map<number, Uint8Array>();

  /** The next bytes of the piece. */
  push(bytes: Uint8Array): void {
    const zeroCount = this.#zeroCount + bytes.length;
    if (this.#hash === undefined && zeroCount <= MAX_ZERO_COUNT && isZero(bytes)) {
      this.#zeroCount = zeroCount;
      return;
    }
    this.#hash ??= hashOfZeros(this.#zeroCount);
    this.#hash.update(bytes);
  }

  /** Ends the piece: its SHA-1. */
  finish(): Uint8Array {
    const digest = this.#hash?.digest() ?? this.#zeroDigest();
    this.clear();
    return digest;
  }

  /** Begins a piece anew, whatever was fed before. */
  clear(): void {
    this.#hash = undefined;
    this.#zeroCount = 0;
  }

  #zeroDigest(): Uint8Array {
    const known = this.#zeroDigests.get(this.#zeroCount);
    if (known !== undefined) return known;
    const digest = hashOfZeros(this.#zeroCount).digest();
    this.#zeroDigests.set(this.#zeroCount, digest);
    return digest;
  }
}

function hashOfZeros(count: number): RunningSha1 {
  const hash = createSha1();
  for (let left = count; left > 0; left -= ZEROS.length) {
    hash.update(ZEROS.subarray(0, Math.min(left, ZEROS.length)));
  }
  return hash;
}
