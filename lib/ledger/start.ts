/**
 * What is verified before anything is downloaded: what an earlier run left, and padding (BEP 47).
 *
 * @module
 */
import { clearBit, countBits, emptyBits, hasBit, setBit } from "../base/bits.ts";
import type { Geometry } from "../torrent/geometry.ts";

/**
 * A bit per piece: those that are verified already, and those that are padding alone.
 *
 * @param verified of any length; what it has beyond the last piece is dropped
 * @internal
 */
export function verifiedAtStart(geometry: Geometry, verified?: Uint8Array): Uint8Array {
  const bits = emptyBits(geometry.pieceCount);
  if (verified !== undefined) bits.set(verified.subarray(0, bits.length));
  for (let beyond = geometry.pieceCount; beyond < bits.length * 8; beyond++) clearBit(bits, beyond);
  if (geometry.hasPadding) setPadding(bits, geometry);
  return bits;
}

/**
 * How many bytes these pieces are, padding included.
 *
 * @internal
 */
export function bytesOf(bits: Uint8Array, geometry: Geometry): number {
  const lengthBytes = countBits(bits) * geometry.maxPieceLength;
  const last = geometry.pieceCount - 1;
  if (!hasBit(bits, last)) return lengthBytes;
  return lengthBytes - geometry.maxPieceLength + geometry.pieceLength(last);
}

/** Sets the pieces of which not one byte is wanted: in a walk over the files, not piece by piece. */
function setPadding(bits: Uint8Array, geometry: Geometry): void {
  let [paddingStart, offset] = [0, 0];
  for (const { lengthBytes, isPadding } of geometry.spans(0, geometry.totalLength)) {
    if (!isPadding) {
      setPiecesWithin(bits, geometry, [paddingStart, offset]);
      paddingStart = offset + lengthBytes;
    }
    offset += lengthBytes;
  }
  setPiecesWithin(bits, geometry, [paddingStart, offset]);
}

function setPiecesWithin(
  bits: Uint8Array,
  geometry: Geometry,
  [start, end]: readonly [number, number],
): void {
  let pieceIndex = Math.ceil(start / geometry.maxPieceLength);
  for (; pieceIndex < geometry.pieceCount; pieceIndex++) {
    if (geometry.pieceOffset(pieceIndex) + geometry.pieceLength(pieceIndex) > end) return;
    setBit(bits, pieceIndex);
  }
}
