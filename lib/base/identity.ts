/**
 * Who we say we are: to trackers, peers and HTTP servers.
 *
 * @module
 */

/**
 * Only toPeerId() makes a PeerId.
 *
 * @internal
 */
declare class PeerIdBrand {
  readonly #brand: "PeerId";
}

/** 20 bytes that name a client for one run (BEP 3). */
export type PeerId = Uint8Array<ArrayBuffer> & PeerIdBrand;

/** The length of a peer id, in bytes. */
export const PEER_ID_LENGTH = 20;

/** The version of this program; a test holds it equal to deno.json's. */
export const VERSION = "0.1.0";

/** What HTTP servers and peers are told. */
export const USER_AGENT = `westorrent/${VERSION}`;

/** Starts every peer id of ours, with major, minor and patch of the version (BEP 20). No other client uses these letters. */
export const PEER_ID_PREFIX = "-WE0100-";

/** A fresh peer id: our prefix and 12 random bytes. */
export function makePeerId(): PeerId {
  const id = crypto.getRandomValues(new Uint8Array(PEER_ID_LENGTH));
  new TextEncoder().encodeInto(PEER_ID_PREFIX, id);
  return toPeerId(id);
}

/** @throws {RangeError} when it has not 20 bytes */
export function toPeerId(bytes: Uint8Array<ArrayBuffer>): PeerId {
  if (bytes.length !== PEER_ID_LENGTH) {
    throw new RangeError(`Cannot make a peer id: ${bytes.length} bytes are not ${PEER_ID_LENGTH}`);
  }
  return bytes as PeerId;
}
