/**
 * Peers packed tight (BEP 23 for IPv4, BEP 7 for IPv6), both big-endian:
 *
 * | bytes   | what    |
 * | ------- | ------- |
 * | 4 or 16 | address |
 * | 2       | port    |
 *
 * @module
 */
import { canonicalHost, type PeerAddress } from "../base/address.ts";
import { isPeerHost } from "../base/host.ts";

/** The family of the addresses in a packed list. */
export type AddressFamily = "IPv4" | "IPv6";

const ADDRESS_LENGTH = { IPv4: 4, IPv6: 16 } as const;
const PORT_LENGTH = 2;

/**
 * Unpacks peers. Those that cannot exist (port 0, 0.0.0.0, ::, broadcast, multicast) are left out.
 *
 * @throws {SyntaxError} when the bytes are not whole entries
 */
export function decodeCompactPeers(bytes: Uint8Array, family: AddressFamily): PeerAddress[] {
  const addressLength = ADDRESS_LENGTH[family];
  const entryLength = addressLength + PORT_LENGTH;
  if (bytes.length % entryLength !== 0) {
    throw new SyntaxError(
      `Cannot decode ${family} peers: ${bytes.length} bytes are not a multiple of ${entryLength}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const peers: PeerAddress[] = [];
  for (let at = 0; at < bytes.length; at += entryLength) {
    const host = formatHost(bytes.subarray(at, at + addressLength));
    const port = view.getUint16(at + addressLength);
    if (port !== 0 && isPeerHost(host)) peers.push({ host, port });
  }
  return peers;
}

/** The canonical text of an address of 4 or 16 bytes. */
export function formatHost(bytes: Uint8Array): string {
  if (bytes.length === ADDRESS_LENGTH.IPv4) return bytes.join(".");
  const groups: string[] = [];
  for (let at = 0; at < bytes.length; at += 2) {
    groups.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  }
  if (isMapped(bytes)) return bytes.subarray(12).join(".");
  // URL knows the one right way to shorten an IPv6 address (RFC 5952).
  return canonicalHost(new URL(`http://[${groups.join(":")}]`).hostname);
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.subarray(0, 10).every((byte) => byte === 0);
}
