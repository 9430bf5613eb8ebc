/**
 * The bits of a bitfield message (BEP 3): one per piece, checked.
 *
 * @module
 */
import { isBitsOf } from "../base/bits.ts";
import { PeerError } from "../base/errors.ts";

/** The length in bytes of the bitfield of so many pieces. */
export function bitfieldLength(pieceCount: number): number {
  return Math.ceil(pieceCount / 8);
}

/**
 * Reads a bitfield message's bits, copied.
 *
 * @throws {PeerError} "protocol", when it has a wrong size or bits behind the last piece
 */
export function parseBitfield(bits: Uint8Array, pieceCount: number): Uint8Array {
  if (isBitsOf(bits, pieceCount)) return bits.slice();
  const wanted = bitfieldLength(pieceCount);
  const detail = bits.length === wanted
    ? "bits behind the last piece are set"
    : `it has ${bits.length} bytes, not ${wanted}`;
  throw new PeerError(`Cannot accept bitfield: ${detail}`, "protocol");
}
