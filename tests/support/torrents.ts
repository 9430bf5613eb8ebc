/** Geometries and ledgers for the tests of the engine. */
import { setBit } from "../../lib/base/bits.ts";
import { type Memory, plainMemory } from "../../lib/base/memory.ts";
import {
  Ledger,
  type LedgerOptions,
  type OpenPiece,
  type Source,
  type SourceId,
} from "../../lib/ledger.ts";
import type { Downloads } from "../../lib/blocks/request.ts";
import { budgetMemoryBytes } from "../../lib/ledger/budget.ts";
import { readBufferBytes } from "../../lib/peers/read_buffers.ts";
import { Geometry } from "../../lib/torrent/geometry.ts";
import { randomOf } from "../torrent/helpers.ts";

/** Bytes in a KiB. */
export const KIB = 1024;

/** One file of `totalLength` bytes. */
export function plainGeometry(totalLength: number, pieceLength: number): Geometry {
  return new Geometry([{ lengthBytes: totalLength, isPadding: false }], pieceLength);
}

/** Files of these lengths in bytes; negative ones are padding. */
export function paddedGeometry(lengths: readonly number[], pieceLength: number): Geometry {
  const files = lengths.map((length) => ({ lengthBytes: Math.abs(length), isPadding: length < 0 }));
  return new Geometry(files, pieceLength);
}

/** A ledger with the same random choices each time. */
export function makeLedger(geometry: Geometry, options: LedgerOptions = {}): Ledger {
  return new Ledger(geometry, { random: randomFractionOf(1), ...options });
}

/** Memory for a ledger and the read buffers of so many connections, as a download has it. */
export function makeMemory(geometry: Geometry, connections = 1): Memory {
  return plainMemory(budgetMemoryBytes(geometry) + readBufferBytes(connections));
}

/** A block that comes. */
export interface Arrival {
  readonly piece: OpenPiece;
  readonly block: number;
  readonly source: SourceId;
  /** Without what is padding at the end. */
  readonly bytes: Uint8Array;
}

/** Puts a block where the ledger wants it, and has it held. */
export function deliver(ledger: Ledger, { piece, block, source, bytes }: Arrival): void {
  const place = ledger.place(piece, block);
  if (place === undefined) throw new Error(`No room for block ${block} of ${piece.pieceIndex}`);
  ledger.budget.memory.bytes.set(bytes, place);
  ledger.hold(piece, block, source);
}

/** Numbers in [0, 1), the same ones for the same seed. */
export function randomFractionOf(seed: number): () => number {
  const random = randomOf(seed);
  return () => random(2 ** 30) / 2 ** 30;
}

/** A bit per index below `count`, set for those given. */
export function bitsOf(count: number, indices: Iterable<number>): Uint8Array {
  const bits = new Uint8Array(Math.ceil(count / 8));
  for (const index of indices) setBit(bits, index);
  return bits;
}

/** A serving source that has these pieces, or all. */
export function addSource(ledger: Ledger, pieces?: Iterable<number>): Source {
  const { pieceCount } = ledger.geometry;
  const source = ledger.holdings.add();
  ledger.holdings.setHaves(source, bitsOf(pieceCount, pieces ?? Array(pieceCount).keys()));
  ledger.setServing(source, "serving");
  return source;
}

/** As if what has come were stored at once, and right. */
export async function storeRuns({ runs, ledger }: Downloads): Promise<void> {
  while (runs.size > 0) {
    const { value = [] } = await runs.next();
    for (const { run } of value) {
      ledger.release(run);
      ledger.verify(run.piece);
    }
  }
}
