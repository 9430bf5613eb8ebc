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
  placed: Placed,
  use: (span: FileSpan, part: Uint8Array) => void,
): void {
  for (const { span, part } of partsOf(geometry, placed)) use(span, part);
}

/** The same, for whoever waits in between. */
export function* partsOf(
  geometry: Geometry,
  { offset, bytes }: Placed,
): Generator<{ readonly span: FileSpan; readonly part: Uint8Array }, void, undefined> {
  if (offset < 0 || offset + bytes.length > geometry.totalLength) {
    throw new RangeError(`Cannot reach ${bytes.length} bytes at ${offset}: outside of the torrent`);
  }
  let at = 0;
  for (const span of geometry.spans(offset, bytes.length)) {
    yield { span, part: bytes.subarray(at, at + span.lengthBytes) };
    at += span.lengthBytes;
  }
}
