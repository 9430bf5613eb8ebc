/**
 * Addresses of peers: an IP literal (or a host name, which only trackers and people may give) and a port.
 *
 * @module
 */

/** Where a peer listens. */
export interface PeerAddress {
  /** Canonical: no brackets, lower case, ::ffff:a.b.c.d as a.b.c.d. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;
/** The same address as URL writes it. */
const MAPPED_IPV4_HEX = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** The one spelling of a host that we compare: an IPv4 address mapped into IPv6 is the IPv4 address. */
export function canonicalHost(host: string): string {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const lower = bare.toLowerCase();
  const groups = MAPPED_IPV4_HEX.exec(lower)?.slice(1).map((group) => parseInt(group, 16));
  if (groups !== undefined) return groups.flatMap((group) => [group >> 8, group & 0xff]).join(".");
  return MAPPED_IPV4.exec(lower)?.[1] ?? lower;
}

/** `host:port`, with brackets around IPv6: for messages, and as the key of a peer. */
export function formatAddress(address: PeerAddress): string {
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

/**
 * Reads `host:port` or `[ipv6]:port` as a person writes it.
 *
 * @throws {SyntaxError} when it has no host, or no port of 1 to 65535
 */
export function parseAddress(text: string): PeerAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65535) {
    throw new SyntaxError(`Cannot parse peer address: "${text}" is not HOST:PORT`);
  }
  return { host: canonicalHost(host), port };
}

/** Whether the host is an address of this machine's loopback interface. */
export function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1" || host === "localhost";
}
