/** @std/encoding's encodeHex() for bytes. */
export function encodeHex(src: Uint8Array): string {
  return src.toHex();
}
