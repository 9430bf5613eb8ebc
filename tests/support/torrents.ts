/** Geometries and ledgers for the tests of the engine. */
import { Ledger, type LedgerOptions, type Source } from "../../lib/ledger.ts";
import { setBit } from "../../lib/base/bits.ts";
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
