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
import { canonicalHost, type PeerAddress } from "./address.ts";
import { isPeerHost } from "./host.ts";
import { isIPv4, isIPv6 } from "./ip.ts";

/** The family of the addresses in a packed list. */
export type AddressFamily = "IPv4" | "IPv6";

const ADDRESS_LENGTH = { IPv4: 4, IPv6: 16 } as const;
const PORT_LENGTH = 2;

/** What one peer takes up in a packed list, in bytes. */
export const ENTRY_LENGTH = Object.freeze({
  IPv4: ADDRESS_LENGTH.IPv4 + PORT_LENGTH,
  IPv6: ADDRESS_LENGTH.IPv6 + PORT_LENGTH,
});

/**
 * Unpacks peers. Those that cannot exist (port 0, 0.0.0.0, ::, broadcast, multicast) are left out.
 *
 * @throws {SyntaxError} when the bytes are not whole entries
 */
export function decodeCompactPeers(bytes: Uint8Array, family: AddressFamily): PeerAddress[] {
  const addressLength = ADDRESS_LENGTH[family];
  const entryLength = ENTRY_LENGTH[family];
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

/** Packs peers, all of whose hosts are literals of the one family. */
export function encodeCompactPeers(
  peers: readonly PeerAddress[],
  family: AddressFamily,
): Uint8Array<ArrayBuffer> {
  const entryLength = ENTRY_LENGTH[family];
  const bytes = new Uint8Array(peers.length * entryLength);
  const view = new DataView(bytes.buffer);
  peers.forEach(({ host, port }, index) => {
    const at = index * entryLength;
    bytes.set(hostBytes(host) ?? [], at);
    view.setUint16(at + ADDRESS_LENGTH[family], port);
  });
  return bytes;
}

/** The 4 or 16 bytes of an IP literal; undefined for a name, and for what only one machine can read. */
export function hostBytes(host: string): Uint8Array<ArrayBuffer> | undefined {
  if (isIPv4(host)) return Uint8Array.from(host.split("."), Number);
  if (!isIPv6(host) || host.includes(".") || host.includes("%")) return undefined;
  const [head = [], tail = []] = host.split("::").map((half) => half.split(":").filter(Boolean));
  const groups = [...head, ...new Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  const view = new DataView(new ArrayBuffer(16));
  groups.forEach((group, at) => view.setUint16(at * 2, parseInt(group, 16)));
  return new Uint8Array(view.buffer);
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
