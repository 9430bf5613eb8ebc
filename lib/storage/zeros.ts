/**
 * Zeros, which is what holes of sparse files read as.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** Some zeros to compare with and to hash. */
export const ZEROS: Uint8Array = Buffer.alloc(64 * 1024);

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const window = bytes.subarray(at, at + ZEROS.length);
    if (Buffer.compare(window, ZEROS.subarray(0, window.length)) !== 0) return false;
  }
  return true;
}
