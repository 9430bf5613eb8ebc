/**
 * What the records of a journal vouch for, given what happened since they were written.
 *
 * After a mere kill all records hold: the system kept what was written. After a power loss only those
 * that a mark covers hold. The boot record that opens each run tells the two apart.
 *
 * @module
 */
import type { Geometry } from "../torrent/geometry.ts";
import { countBits, emptyBits, fullBits, hasBit, isBitsOf, setBit } from "../base/bits.ts";
import type { JournalRecord, PlacedRecord } from "./journal.ts";

/** What can be believed without hashing. */
export interface JournalState {
  /** A bit per piece: stored and verified. */
  readonly verified: Uint8Array;
  /** Those of `verified` that also survive a power loss: a mark covers them. */
  readonly durable: Uint8Array;
  /** The stored blocks of pieces that are not verified: a bit per block. */
  readonly partial: ReadonlyMap<number, Uint8Array>;
}

/**
 * Replays the records in order; `undefined` when they speak of what the torrent does not have.
 *
 * @param bootId of the machine now; empty when unknown, which counts as a power loss
 */
export function replayRecords(
  records: readonly PlacedRecord[],
  geometry: Geometry,
  bootId: string,
): JournalState | undefined {
  const replay = new Replay(geometry);
  for (const placed of records) {
    if (!fits(placed, geometry)) return undefined;
    replay.take(placed);
  }
  return replay.finish(bootId);
}

class Replay {
  readonly #geometry: Geometry;
  readonly #verified: Uint8Array;
  readonly #durable: Uint8Array;
  readonly #partial = new Map<number, Uint8Array>();
  /** Those of the two sets that hold every piece. */
  readonly #full = new Set<Uint8Array>();
  /** Records that no mark covers yet, in order. */
  #pending: PlacedRecord[] = [];
  #bootId = "";

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
    this.#verified = emptyBits(geometry.pieceCount);
    this.#durable = emptyBits(geometry.pieceCount);
  }

  take(placed: PlacedRecord): void {
    const { record } = placed;
    if (record.kind === "boot") this.#boot(record.bootId);
    else if (record.kind === "mark") this.#mark(record.end);
    else this.#pending.push(placed);
  }

  finish(bootId: string): JournalState {
    this.#boot(bootId);
    for (const { record } of this.#pending) this.#believe(record, [this.#verified]);
    for (const [pieceIndex, blocks] of this.#partial) {
      // With all its blocks it may be whole: hashing tells.
      if (countBits(blocks) === this.#geometry.blockCount(pieceIndex)) {
        this.#partial.delete(pieceIndex);
      }
    }
    return { verified: this.#verified, durable: this.#durable, partial: this.#partial };
  }

  #boot(bootId: string): void {
    if (bootId === "" || bootId !== this.#bootId) this.#pending = [];
    this.#bootId = bootId;
  }

  #mark(end: number): void {
    const covered = this.#pending.findIndex((placed) => placed.end > end);
    const count = covered === -1 ? this.#pending.length : covered;
    for (const { record } of this.#pending.splice(0, count)) {
      this.#believe(record, [this.#verified, this.#durable]);
    }
  }

  #believe(record: JournalRecord, sets: readonly Uint8Array[]): void {
    if (record.kind === "partial") this.#believePartial(record.pieceIndex, record.blocks);
    else if (record.kind === "verified") this.#believeVerified(record.pieceIndices, sets);
    else if (record.kind === "complete") {
      this.#believeComplete(sets);
    }
  }

  #believeVerified(pieceIndices: readonly number[], sets: readonly Uint8Array[]): void {
    for (const pieceIndex of pieceIndices) {
      for (const set of sets) setBit(set, pieceIndex);
      this.#partial.delete(pieceIndex);
    }
  }

  /** Each set is filled once only: a hostile journal may have a million such records, of few bytes each. */
  #believeComplete(sets: readonly Uint8Array[]): void {
    for (const set of sets) {
      if (!this.#full.has(set)) set.set(fullBits(this.#geometry.pieceCount));
      this.#full.add(set);
    }
    this.#partial.clear();
  }

  #believePartial(pieceIndex: number, blocks: Uint8Array): void {
    if (hasBit(this.#verified, pieceIndex) || blocks.every((byte) => byte === 0)) {
      this.#partial.delete(pieceIndex);
    } else this.#partial.set(pieceIndex, blocks);
  }
}

/** Checksummed or not, a record is from outside: its numbers must be the torrent's. */
function fits({ record, end }: PlacedRecord, geometry: Geometry): boolean {
  switch (record.kind) {
    case "verified":
      return record.pieceIndices.every((index) => index < geometry.pieceCount);
    case "partial":
      return record.pieceIndex < geometry.pieceCount &&
        isBitsOf(record.blocks, geometry.blockCount(record.pieceIndex));
    case "mark":
      return record.end < end;
    case "boot":
    case "complete":
      return true;
    default:
      return record satisfies never;
  }
}
