/**
 * Which of two peers rather to be connected to (BEP 40): an order that both ends of a connection agree on,
 * that is another one for everybody, and that nobody can choose his place in.
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";
import { hostBytes } from "../base/compact.ts";

/** CRC-32C (Castagnoli), its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** The bits of an address that count beyond its network. */
const HOST_MASK = 0x55;

/** How many bytes of an address count in full, by its length: those of the network. */
const NETWORK_BYTES: Readonly<Record<number, number>> = { 4: 2, 16: 6 };

/** The highest there is. */
export const MAX_PRIORITY = 0xffff_ffff;

/**
 * The priority of a connection between two addresses, the same from both ends; the higher, the better. That
 * of a host's name, which only people and trackers can give, is the highest.
 *
 * @param ours as the peer sees us, of the same family
 */
export function peerPriority(ours: PeerAddress, theirs: PeerAddress): number {
  const [own, other] = [hostBytes(ours.host), hostBytes(theirs.host)];
  if (own === undefined || other === undefined) return MAX_PRIORITY;
  if (ours.host === theirs.host) return crc32c(join(portBytes(ours), portBytes(theirs)));
  const shared = own.findIndex((byte, at) => byte !== other[at]);
  const networkBytes = NETWORK_BYTES[own.length] ?? 0;
  const fullBytes = shared < networkBytes ? networkBytes : shared + 1;
  const mask = (byte: number, at: number) => at < fullBytes ? byte : byte & HOST_MASK;
  return crc32c(join(own.map(mask), other.map(mask)));
}

/** The lesser first. */
function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  const isOrdered = at < 0 || (a[at] ?? 0) < (b[at] ?? 0);
  return Uint8Array.from(isOrdered ? [...a, ...b] : [...b, ...a]);
}

function portBytes({ port }: PeerAddress): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}

/** The CRC-32C of a few bytes: no table is worth its while. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return ~crc >>> 0;
}
