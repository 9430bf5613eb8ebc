/**
 * A run of the torrent's bytes, file by file.
 *
 * @module
 */
import type { FileSpan, Geometry } from "../torrent/geometry.ts";

/** Bytes, and where in the torrent they belong. */
export interface Placed {
  /** In bytes from the start of the torrent. */
  readonly offset: number;
  /** As many as belong there. */
  readonly bytes: Uint8Array;
}

/**
 * Hands out the parts of `bytes`, each with the span of a file that it belongs to, padding included.
 *
 * @throws {RangeError} when they reach outside of the torrent
 */
export function forEachSpan(
  geometry: Geometry,
  { offset, bytes }: Placed,
  use: (span: FileSpan, part: Uint8Array) => void,
): void {
  checkInside(geometry, offset, bytes.length);
  let at = 0;
  for (const span of geometry.spans(offset, bytes.length)) {
    use(span, bytes.subarray(at, at + span.lengthBytes));
    at += span.lengthBytes;
  }
}

/** @throws {RangeError} when so many bytes from `offset` on reach outside of the torrent */
export function checkInside({ totalLength }: Geometry, offset: number, lengthBytes: number): void {
  if (offset >= 0 && offset + lengthBytes <= totalLength) return;
  throw new RangeError(`Cannot reach ${lengthBytes} bytes at ${offset}: outside of the torrent`);
}
