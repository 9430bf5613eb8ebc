/**
 * The pieces that a newcomer may ask for while it is choked (BEP 6): a few, always the same for the same
 * network, so that reconnecting brings no others.
 *
 * @module
 */
import { isIPv4 } from "../base/ip.ts";
import { sha1 } from "../torrent/sha1.ts";

/** How many a peer is granted, and how many it must have to be no newcomer. */
export const ALLOWED_COUNT = 10;

/** The part of an IPv4 address that counts: its network of 256 addresses. */
const NETWORK_BYTES = 3;

/** What the set depends on. */
export interface AllowedFastOptions {
  /** Of the peer; one of IPv6 is granted nothing, for which BEP 6 has no rule. */
  readonly host: string;
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  readonly pieceCount: number;
  /** @default ALLOWED_COUNT */
  readonly count?: number;
}

/** The allowed fast set, in the order in which it comes to be. */
export function allowedFast(options: AllowedFastOptions): number[] {
  const { host, infoHash, pieceCount, count = ALLOWED_COUNT } = options;
  const allowed = new Set<number>();
  if (!isIPv4(host)) return [];
  let bytes = new Uint8Array(4 + infoHash.length);
  bytes.set(host.split(".").slice(0, NETWORK_BYTES).map(Number));
  bytes.set(infoHash, 4);
  const wanted = Math.min(count, pieceCount);
  while (allowed.size < wanted) {
    bytes = sha1(bytes);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length && allowed.size < wanted; at += 4) {
      allowed.add(view.getUint32(at) % pieceCount);
    }
  }
  return [...allowed];
}
