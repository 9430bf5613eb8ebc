/**
 * The message that takes back a HAVE (BEP 54): its payload is the index of a piece, in 4 bytes.
 *
 * @module
 */
import { refuse } from "./message.ts";

/** The name of the extension. */
export const DONT_HAVE = "lt_donthave";

/** The index of the piece that the peer has no more. @throws {PeerError} "protocol", when it has not 4 bytes */
export function decodeDontHave(payload: Uint8Array): number {
  if (payload.length !== 4) refuse(`${DONT_HAVE} has ${payload.length} bytes, not 4`);
  return new DataView(payload.buffer, payload.byteOffset).getUint32(0);
}
