/**
 * A run of the torrent's bytes, file by file.
 *
 * @module
 */
import type { FileSpan, Geometry } from "../torrent/geometry.ts";

/** Hands out the parts of `bytes` that belong into files; padding is passed over. */
export function writeRun(
  geometry: Geometry,
  place: { readonly offset: number; readonly bytes: Uint8Array },
  write: (span: FileSpan, part: Uint8Array) => void,
): void {
  const { offset, bytes } = place;
  let at = 0;
  for (const span of runSpans(geometry, offset, bytes.length)) {
    const part = bytes.subarray(at, at + span.lengthBytes);
    if (!span.isPadding) write(span, part);
    at += span.lengthBytes;
  }
}

/** Has the parts of `bytes` filled that come from files, one after the other; padding is zeros. */
export async function readRun(
  geometry: Geometry,
  place: { readonly offset: number; readonly bytes: Uint8Array },
  read: (span: FileSpan, part: Uint8Array) => Promise<void>,
): Promise<void> {
  const { offset, bytes } = place;
  let at = 0;
  for (const span of runSpans(geometry, offset, bytes.length)) {
    const part = bytes.subarray(at, at + span.lengthBytes);
    if (span.isPadding) part.fill(0);
    else await read(span, part);
    at += span.lengthBytes;
  }
}

function runSpans(geometry: Geometry, offset: number, lengthBytes: number) {
  if (offset < 0 || offset + lengthBytes > geometry.totalLength) {
    throw new RangeError(`Cannot reach ${lengthBytes} bytes at ${offset}: outside of the torrent`);
  }
  return geometry.spans(offset, lengthBytes);
}
