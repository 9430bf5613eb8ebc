/**
 * Which tracker URLs may be asked. A torrent comes from strangers: it must not make us send requests of
 * its choosing to this machine or our network.
 *
 * @module
 */
import { canonicalHost } from "../base/address.ts";
import { TrackerError, type TrackerErrorOptions } from "../base/errors.ts";
import { isAddressLiteral, isPrivateHost, isThisMachine } from "../base/host.ts";
import { printable, redactUrl } from "../base/text.ts";

/** Parameters that are ours to say: a URL that brings its own could make us announce anything. */
const OUR_PARAMETERS = new Set([
  "info_hash",
  "peer_id",
  "port",
  "key",
  "event",
  "uploaded",
  "downloaded",
  "left",
  "corrupt",
]);
/** The only paths that are asked for on loopback: no other local service listens to them. */
const LOOPBACK_PATHS = new Set(["/", "/announce"]);
/** Anything but visible ASCII; URL would drop or translate it before we could look. */
const NOT_PLAIN = /[^\x21-\x7e]/;

/** Gives the IP literals of a host name; tests hand in their own. @throws when it has none */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Asks the system's resolver. */
export async function resolveHost(host: string): Promise<readonly string[]> {
  // Loaded here, for most runs name only addresses.
  const { lookup } = await import("node:dns/promises");
  return (await lookup(host, { all: true })).map(({ address }) => canonicalHost(address));
}

/**
 * Checks a URL before anything is sent there.
 *
 * @throws {TrackerError} for whatever is not a plain http, https or udp URL, has letters beyond ASCII
 * in its host (they can look like others), or brings parameters that are ours
 */
export function parseTrackerUrl(text: string): URL {
  const url = parsePlainUrl(text);
  for (const name of url.searchParams.keys()) {
    if (OUR_PARAMETERS.has(name.toLowerCase())) {
      throw trackerFailure(text, `it brings the parameter "${name.toLowerCase()}"`);
    }
  }
  checkLoopbackPath(url, url.hostname);
  return url;
}

/** @param subject the URL that an error names: the tracker's, where `text` is where it redirects to */
function parsePlainUrl(text: string, subject = text): URL {
  const refuse = (why: string) =>
    trackerFailure(subject, subject === text ? why : `it redirects, but ${why}`);
  if (NOT_PLAIN.test(text)) throw refuse("the URL has spaces, controls or letters beyond ASCII");
  const url = URL.parse(text);
  if (url === null) throw refuse("it is not a URL");
  if (!/^(?:https?|udp):$/.test(url.protocol)) {
    throw refuse(`"${printable(url.protocol, 20)}" is not http, https or udp`);
  }
  if (url.hostname === "") throw refuse("the URL names no host");
  if (url.protocol === "udp:" && !(Number(url.port) > 0)) throw refuse("the URL names no port");
  if (isInternationalName(url.hostname)) {
    throw refuse("the host has letters beyond ASCII, which can pass for others");
  }
  return url;
}

/** Whether a part of the host name is encoded Unicode (`xn--`, RFC 3490). */
export function isInternationalName(host: string): boolean {
  return host.toLowerCase().split(".").some((label) => label.startsWith("xn--"));
}

/**
 * Looks up where an HTTP tracker really is, as far as can be told beforehand, and checks its path if
 * that is loopback. A host that cannot be looked up passes: the request will say what is wrong.
 *
 * @throws {TrackerError}
 */
export async function checkTrackerPlace(url: URL, resolve: Resolve): Promise<void> {
  if (LOOPBACK_PATHS.has(url.pathname)) return;
  for (const host of await hostsOf(url, resolve)) checkLoopbackPath(url, host);
}

/**
 * Checks where a redirect leads.
 *
 * @param location the header's value
 * @throws {TrackerError} unless it leads to http or https, and not from the world into our network
 */
export async function followRedirect(from: URL, location: string, resolve: Resolve): Promise<URL> {
  const target = URL.parse(location, from);
  if (target === null) throw trackerFailure(from.href, "it redirects to no URL");
  const to = parsePlainUrl(target.href, from.href);
  if (to.protocol === "udp:") throw trackerFailure(from.href, "it redirects to udp");
  checkLoopbackPath(to, to.hostname);
  await checkTrackerPlace(to, resolve);
  if (await isInside(to, resolve) && !await isInside(from, resolve)) {
    throw trackerFailure(
      from.href,
      `it redirects into a private network, to "${redactUrl(to.href)}"`,
    );
  }
  return to;
}

async function isInside(url: URL, resolve: Resolve): Promise<boolean> {
  return (await hostsOf(url, resolve)).some(isPrivateHost);
}

async function hostsOf(url: URL, resolve: Resolve): Promise<readonly string[]> {
  const host = canonicalHost(url.hostname);
  if (isAddressLiteral(host)) return [host];
  try {
    return [host, ...await resolve(host)];
  } catch {
    return [host]; // the request itself fails for the same reason, and says so
  }
}

function checkLoopbackPath(url: URL, host: string): void {
  if (url.protocol === "udp:" || LOOPBACK_PATHS.has(url.pathname)) return;
  if (isThisMachine(host)) {
    throw trackerFailure(
      url.href,
      'on this machine only the paths "/" and "/announce" are asked for',
    );
  }
}

/** The error for one tracker, its URL without secrets. */
export function trackerFailure(
  url: string,
  why: string,
  options?: TrackerErrorOptions,
): TrackerError {
  // What we added is no news, and nobody's to see.
  const place = redactUrl(url.replace(/[?&]info_hash=.*$/s, ""));
  return new TrackerError(`Cannot announce to "${place}": ${why}`, place, options);
}
