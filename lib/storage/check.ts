/**
 * Hashes what is stored, to find out which pieces are whole.
 *
 * Reading (in the thread pool) and hashing (here) overlap over two buffers of 2 MiB, whatever the
 * length of the pieces; holes of sparse files read as zeros and cost no hashing.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import { delay } from "../base/async.ts";
import type { Geometry } from "../torrent/geometry.ts";
import type { Metainfo } from "../torrent/metainfo.ts";
import { emptyBits, setBit } from "../base/bits.ts";
import type { CheckProgress } from "./store.ts";
import { isZero, ZEROS } from "./zeros.ts";

/** How much is read at once, in bytes. */
const PART_LENGTH = 2 * 1024 * 1024;

/** Pieces passed over before others get their turn. */
const PIECES_PER_TURN = 4096;

const MIN_PROGRESS_INTERVAL_MS = 100;

const HASH_LENGTH = 20;

/** Zeros counted before they are hashed after all, in bytes: hashing them at once must not take long. */
const MAX_ZERO_COUNT = 16 * 1024 * 1024;

/** What hashPieces() needs to know. */
export interface HashPiecesOptions {
  readonly signal: AbortSignal;
  /** Whether a piece is to be hashed; asked shortly before it is. */
  readonly wants: (pieceIndex: number) => boolean;
  /** Fills `into` from `offset` in the torrent; what is not there as zeros. */
  readonly read: (offset: number, into: Uint8Array) => Promise<void>;
}

/** A run of whole pieces, or a run of bytes in one piece that is longer than a part. Empty: a pause. */
interface Part {
  readonly pieceIndex: number;
  /** In bytes from the start of the piece. */
  readonly begin: number;
  readonly lengthBytes: number;
}

interface ReadPart {
  readonly part: Part;
  /** Valid until the next part is asked for. */
  readonly bytes: Uint8Array;
}

/**
 * Hashes the wanted pieces in order; returns a bit per piece, set where the hash is right.
 *
 * @throws the signal's reason, and whatever `read` throws
 */
export async function* hashPieces(
  metainfo: Metainfo,
  options: HashPiecesOptions,
): AsyncGenerator<CheckProgress, Uint8Array, undefined> {
  const { geometry } = metainfo;
  const verified = emptyBits(geometry.pieceCount);
  const hasher = new PieceHasher();
  let reportedAtMs = -Infinity;
  for await (const { part, bytes } of readAhead(planParts(geometry, options), geometry, options)) {
    for (const piece of cut(part, geometry)) {
      hasher.push(bytes.subarray(piece.start, piece.end));
      if (!piece.isLast) continue;
      if (hasher.finish(hashOf(metainfo, piece.pieceIndex))) setBit(verified, piece.pieceIndex);
    }
    const nowMs = performance.now();
    if (nowMs - reportedAtMs < MIN_PROGRESS_INTERVAL_MS) continue;
    reportedAtMs = nowMs;
    const checkedBytes = geometry.pieceOffset(part.pieceIndex) + part.begin + part.lengthBytes;
    yield { checkedBytes, totalBytes: geometry.totalLength };
  }
  return verified;
}

function hashOf(metainfo: Metainfo, pieceIndex: number): Uint8Array {
  return metainfo.pieceHashes.subarray(pieceIndex * HASH_LENGTH, (pieceIndex + 1) * HASH_LENGTH);
}

function* planParts(geometry: Geometry, options: HashPiecesOptions): Generator<Part> {
  let run: Part = { pieceIndex: 0, begin: 0, lengthBytes: 0 };
  for (let pieceIndex = 0; pieceIndex < geometry.pieceCount; pieceIndex++) {
    const lengthBytes = geometry.pieceLength(pieceIndex);
    const isWanted = options.wants(pieceIndex);
    if (isWanted && run.lengthBytes > 0 && run.lengthBytes + lengthBytes <= PART_LENGTH) {
      run = { ...run, lengthBytes: run.lengthBytes + lengthBytes };
      continue;
    }
    // An empty one lets the reader rest after many pieces that are not wanted.
    if (run.lengthBytes > 0 || pieceIndex % PIECES_PER_TURN === 0) yield run;
    run = { pieceIndex, begin: 0, lengthBytes: 0 };
    if (!isWanted) continue;
    if (lengthBytes <= PART_LENGTH) run = { ...run, lengthBytes };
    else yield* planLargePiece(pieceIndex, lengthBytes);
  }
  if (run.lengthBytes > 0) yield run;
}

function* planLargePiece(pieceIndex: number, pieceLength: number): Generator<Part> {
  for (let begin = 0; begin < pieceLength; begin += PART_LENGTH) {
    yield { pieceIndex, begin, lengthBytes: Math.min(PART_LENGTH, pieceLength - begin) };
  }
}

/** While one part is used, the next is being read. */
async function* readAhead(
  parts: Iterator<Part, void>,
  geometry: Geometry,
  options: HashPiecesOptions,
): AsyncGenerator<ReadPart, void, undefined> {
  const length = Math.min(PART_LENGTH, geometry.totalLength);
  const buffers = [new Uint8Array(length), new Uint8Array(length)];
  const start = (buffer: Uint8Array) => {
    options.signal.throwIfAborted();
    const { value: part } = parts.next();
    return part === undefined ? undefined : settle(readPart(part, buffer, geometry, options));
  };
  let pending = start(bufferAt(buffers, 0));
  try {
    for (let turn = 1; pending !== undefined; turn++) {
      const result: PromiseSettledResult<ReadPart> = await pending;
      if (result.status === "rejected") throw result.reason;
      pending = start(bufferAt(buffers, turn));
      yield result.value;
    }
  } finally {
    // The buffer is written until the read ends: nothing may be closed or freed before that.
    await pending;
  }
}

function bufferAt(buffers: readonly Uint8Array[], turn: number): Uint8Array {
  return buffers[turn % buffers.length] ?? new Uint8Array(0);
}

async function readPart(
  part: Part,
  buffer: Uint8Array,
  geometry: Geometry,
  options: HashPiecesOptions,
): Promise<ReadPart> {
  const bytes = buffer.subarray(0, part.lengthBytes);
  if (bytes.length === 0) await delay(0, options);
  else await options.read(geometry.pieceOffset(part.pieceIndex) + part.begin, bytes);
  return { part, bytes };
}

/** So that a failure while nobody waits yet is no unhandled rejection. */
async function settle<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([promise]);
  return result;
}

interface Cut {
  readonly pieceIndex: number;
  /** Where the piece's bytes lie in the part. */
  readonly start: number;
  readonly end: number;
  /** Whether the piece ends here. */
  readonly isLast: boolean;
}

/** The part at the borders of its pieces. */
function* cut(part: Part, geometry: Geometry): Generator<Cut> {
  let { pieceIndex, begin } = part;
  for (let start = 0; start < part.lengthBytes;) {
    const left = geometry.pieceLength(pieceIndex) - begin;
    const end = Math.min(part.lengthBytes, start + left);
    const isLast = end - start === left;
    yield { pieceIndex, start, end, isLast };
    start = end;
    begin = 0;
    if (isLast) pieceIndex++;
  }
}

/** SHA-1 over one piece after the other; leading zeros are counted, and hashed only when needed. */
class PieceHasher {
  #hash: Hash | undefined;
  #zeroCount = 0;
  /** By length: of pieces that are all zeros, of which there are one or two lengths. */
  readonly #zeroDigests = new Map<number, Uint8Array>();

  push(bytes: Uint8Array): void {
    const zeroCount = this.#zeroCount + bytes.length;
    if (this.#hash === undefined && zeroCount <= MAX_ZERO_COUNT && isZero(bytes)) {
      this.#zeroCount = zeroCount;
      return;
    }
    this.#hash ??= hashOfZeros(this.#zeroCount);
    this.#hash.update(bytes);
  }

  /** Ends the piece: whether its hash is the expected one. */
  finish(expected: Uint8Array): boolean {
    const digest = this.#hash?.digest() ?? this.#zeroDigest();
    this.#hash = undefined;
    this.#zeroCount = 0;
    return Buffer.compare(digest, expected) === 0;
  }

  #zeroDigest(): Uint8Array {
    const known = this.#zeroDigests.get(this.#zeroCount);
    if (known !== undefined) return known;
    const digest = hashOfZeros(this.#zeroCount).digest();
    this.#zeroDigests.set(this.#zeroCount, digest);
    return digest;
  }
}

function hashOfZeros(count: number): Hash {
  const hash = createHash("sha1");
  for (let left = count; left > 0; left -= ZEROS.length) {
    hash.update(ZEROS.subarray(0, Math.min(left, ZEROS.length)));
  }
  return hash;
}
