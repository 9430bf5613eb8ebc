/**
 * Texts from outside made fit to be shown: on a terminal, in JSON, in an error.
 *
 * @module
 */
import { decodeShortLatin1, decodeShortUtf8, MAX_SHORT_BYTES } from "./short_text.ts";

/**
 * What can steer a terminal or make a text read as another: C0 and C1 controls, line and paragraph
 * separators, zero-width and bidirectional marks, tags, and surrogates without their other half.
 */
const UNPRINTABLE =
  // deno-lint-ignore no-control-regex -- controls are what it is for
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\p{Cs}\u{e0000}-\u{e007f}]/gu;

/** Whatever may hold one of the above: without the flag u and its look at whole characters, faster. */
const SUSPICIOUS =
  // deno-lint-ignore no-control-regex -- controls are what it is for
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb]/;

const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text without anything that could control a terminal, cut to `maxLength` UTF-16 units (the last
 * of them an ellipsis) with no character split. Line breaks and tabs become spaces.
 */
export function printable(text: string, maxLength = Infinity): string {
  if (text.length <= maxLength && !SUSPICIOUS.test(text)) return text;
  // What is cut off need not be looked at: a hostile text may be megabytes.
  const head = text.length > maxLength * 4 + 64 ? text.slice(0, maxLength * 4 + 64) : text;
  const clean = head.replace(/[\t\r\n]+/g, " ").replace(UNPRINTABLE, "");
  if (clean.length <= maxLength) return clean;
  const end = Math.max(0, maxLength - 1);
  const splits = isHighSurrogate(clean.charCodeAt(end - 1));
  return clean.slice(0, splits ? end - 1 : end) + "…";
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** The bytes as a text when they are valid UTF-8, else `undefined`. A byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  if (bytes.length <= MAX_SHORT_BYTES) return decodeShortUtf8(bytes);
  try {
    return UTF_8.decode(bytes);
  } catch {
    return undefined; // not UTF-8: the caller's case, not a failure
  }
}

/** The bytes as a text whatever they are: as UTF-8 where they are valid, else one character a byte. */
export function decodeText(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? decodeLatin1(bytes);
}

/** One character of U+0000 to U+00FF for each byte: lossless. */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += MAX_SHORT_BYTES) {
    text += decodeShortLatin1(bytes, at, Math.min(bytes.length, at + MAX_SHORT_BYTES));
  }
  return text;
}

/** Path segments that are never a secret: what trackers' addresses end in. */
const PLAIN_SEGMENT = /^(?:announce|scrape|tracker)(?:\.php)?$/i;
const SHOWN_OF_SECRET = 4;

/**
 * A URL fit to be shown: user and password, the values of the query, the fragment, and what looks like
 * a passkey in the path are hidden, controls removed. Never throws: what is no URL is hidden whole.
 */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return "(not a URL)";
  const parsed = new URL(url);
  const userinfo = parsed.username || parsed.password ? "…@" : "";
  const host = parsed.host === "" ? "" : `//${userinfo}${parsed.host}`;
  const path = parsed.pathname.split("/").map(redactSegment).join("/");
  const query = parsed.search.length > 1 ? `?${redactQuery(parsed.search.slice(1))}` : "";
  const fragment = parsed.hash.length > 1 ? "#…" : "";
  return printable(`${parsed.protocol}${host}${path}${query}${fragment}`);
}

/** Shorter values of a query are no keys, and would hide words by chance. */
const MIN_SECRET_LENGTH = 8;

/**
 * The text with the secrets of a URL cut as redactUrl() cuts them: trackers repeat what they are asked,
 * as in "unknown passkey". Never throws.
 */
export function hideSecrets(text: string, url: string): string {
  if (!URL.canParse(url)) return text;
  const { username, password, pathname, search } = new URL(url);
  const values = search.slice(1).split("&").map((pair) => pair.slice(pair.indexOf("=") + 1));
  const segments = pathname.split("/").filter((part) => !PLAIN_SEGMENT.test(part));
  const secrets = [username, password, ...values, ...segments.filter(looksSecret)]
    // Whoever repeats one may have decoded it.
    .flatMap((secret) => [secret, percentDecode(secret)])
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .sort((one, other) => other.length - one.length);
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, hide), text);
}

/**
 * What a server said when it was asked by a URL, fit to be shown. It is cut last: or what is left of a secret
 * would not be known for one.
 */
export function printableReply(text: string, url: string, maxLength: number): string {
  return printable(hideSecrets(printable(text), url), maxLength);
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // it is not encoded in this way
  }
}

function hide(secret: string): string {
  return `${secret.slice(0, SHOWN_OF_SECRET)}…`;
}

function redactSegment(segment: string): string {
  return PLAIN_SEGMENT.test(segment) || !looksSecret(segment) ? segment : hide(segment);
}

/** Better to hide a word than to show a key: whatever is long, or has digits and is not short. */
function looksSecret(segment: string): boolean {
  return segment.length >= 12 || (segment.length >= 8 && /\d/.test(segment));
}

function redactQuery(query: string): string {
  return query.split("&").map((pair) => {
    const equals = pair.indexOf("=");
    if (equals >= 0) return `${redactSegment(pair.slice(0, equals))}=…`;
    return pair.length > SHOWN_OF_SECRET ? hide(pair) : pair;
  }).join("&");
}

/** The start of a text that takes at most so many bytes of UTF-8, with no character split. */
export function cutToBytes(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(Math.max(0, maxBytes)));
  return text.slice(0, read);
}
