/**
 * A small cover for @std/encoding: the same names, signatures and behaviour, for just what we use.
 *
 * @module
 */

function bytesOf(data: ArrayBuffer | Uint8Array | string): Uint8Array {
  if (typeof data === "string") return new TextEncoder().encode(data);
  return data instanceof Uint8Array ? data : new Uint8Array(data);
}

/** The bytes as lower-case hexadecimal digits. */
export function encodeHex(src: string | Uint8Array | ArrayBuffer): string {
  return bytesOf(src).toHex();
}

/** The bytes that hexadecimal digits stand for. @throws {TypeError | SyntaxError | RangeError} */
export function decodeHex(src: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(src);
}

/** The bytes in Base64, with padding. */
export function encodeBase64(data: ArrayBuffer | Uint8Array | string): string {
  return bytesOf(data).toBase64();
}

/** The bytes that Base64 stands for. @throws {TypeError | SyntaxError} */
export function decodeBase64(b64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(b64);
}
