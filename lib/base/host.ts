/**
 * What kind of place a host is: whether a peer may be there, and whether it is inside our own network.
 *
 * @module
 */
import { canonicalHost, isLoopback } from "./address.ts";
import { isIPv4, isIPv6 } from "./ip.ts";

/** Networks that only we and our neighbours can reach, IPv4 (RFC 1918, 3927, 6598 and loopback). */
const PRIVATE_IPV4 =
  /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;
/** The same in IPv6: unique local (fc00::/7) and link local (fe80::/10). */
const PRIVATE_IPV6 = /^(?:f[cd]|fe[89ab])/;
/** An address that names nobody: this network, multicast, reserved, broadcast. */
const NOBODY_IPV4 = /^(?:0|22[4-9]|2[34]\d|25[0-5])\./;
const HOST_NAME =
  /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/;

/** Whether the host, canonical, is an IP literal. */
export function isAddressLiteral(host: string): boolean {
  return isIPv4(host) || isIPv6(host);
}

/** Whether a request to this host, as a URL has it, stays on this machine (`0.0.0.0` and `::` do, too). */
export function isThisMachine(host: string): boolean {
  const canonical = canonicalHost(host).replace(/\.$/, "");
  return isLoopback(canonical) || canonical.endsWith(".localhost") || canonical === "0.0.0.0" ||
    canonical === "::";
}

/** Whether the host, as a URL has it, is a literal or a name of loopback, link-local or private networks. */
export function isPrivateHost(host: string): boolean {
  const canonical = canonicalHost(host);
  if (isThisMachine(canonical)) return true;
  if (isIPv4(canonical)) return PRIVATE_IPV4.test(canonical);
  return isIPv6(canonical) && PRIVATE_IPV6.test(canonical);
}

/** Whether a peer can be at this host, canonical: not at `0.0.0.0`, `::`, a multicast or broadcast address. */
export function isPeerHost(host: string): boolean {
  if (isIPv4(host)) return !NOBODY_IPV4.test(host);
  if (isIPv6(host)) return host !== "::" && !host.startsWith("ff");
  return host.length <= 253 && HOST_NAME.test(host) && !/^[\d.]+$/.test(host);
}

/**
 * Whether a host that somebody at `teller` names can be the same machine to us: one that the teller meets
 * in its own network, or in its own machine, is another one in ours.
 */
export function isSharedHost(host: string, teller: string): boolean {
  return scopeOf(host) >= scopeOf(teller);
}

/** 0: this machine, 1: this network, 2: everywhere. */
function scopeOf(host: string): number {
  return isThisMachine(host) ? 0 : isPrivateHost(host) ? 1 : 2;
}
