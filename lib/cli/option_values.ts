/**
 * Values of options, checked. Pure.
 *
 * @module
 */
import { canonicalHost } from "../base/address.ts";
import { isAddressLiteral } from "../base/host.ts";
import { printable } from "../base/text.ts";
import type { Encryption } from "../peers/encryption.ts";
import { UsageError } from "./usage_error.ts";

/** The values given, by the option's name; one without a value counts as given once, empty. */
export type Given = ReadonlyMap<string, readonly string[]>;

/** The last value of an option, parsed, where it is given. @throws what `parse` throws */
export function optional<T>(
  given: Given,
  name: string,
  parse: (text: string) => T,
): T | undefined {
  const text = given.get(name)?.at(-1);
  return text === undefined ? undefined : parse(text);
}

/** Longer than this, timers overflow: 20 days, in seconds. */
const MAX_SECONDS = 20 * 24 * 3600;

/** What may stand behind a rate: each is 1024 of the one before. */
const UNITS: readonly string[] = ["", "K", "M", "G"];

/** Below this, in bytes per second, peers give up on us. */
const MIN_RATE = 1024;
const MAX_RATE = 1024 ** 4;

/** A whole number of 1 to `max`. @throws {UsageError} */
export function parseInteger(name: string, text: string, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw bad(name, text, `a whole number of 1 to ${max}`);
}

/** A number of seconds above 0, with or without decimals. @throws {UsageError} */
export function parseSeconds(text: string): number {
  const value = decimalOf(text);
  if (value > 0 && value <= MAX_SECONDS) return value;
  throw bad("timeout", text, `a number of seconds above 0 and up to ${MAX_SECONDS}`);
}

/** A number of minutes, as parseSeconds(). @throws {UsageError} */
export function parseMinutes(text: string): number {
  const value = decimalOf(text);
  if (value > 0 && value <= MAX_SECONDS / 60) return value;
  throw bad("seed-time", text, `a number of minutes above 0 and up to ${MAX_SECONDS / 60}`);
}

/** A ratio above 0, with or without decimals. @throws {UsageError} */
export function parseRatio(text: string): number {
  const value = decimalOf(text);
  if (value > 0) return value;
  throw bad("seed-ratio", text, "a number above 0");
}

/** A number of at most nine digits with or without decimals; 0 for anything else. */
function decimalOf(text: string): number {
  return /^(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})$/.test(text) ? Number(text) : 0;
}

/** An IP address of this machine, canonical. @throws {UsageError} */
export function checkBindAddress(text: string): string {
  const host = canonicalHost(text);
  if (isAddressLiteral(host)) return host;
  throw bad("bind", text, "an IP address");
}

/** Bytes per second: a number, or one of KiB, MiB or GiB with a K, M or G behind it. @throws {UsageError} */
export function parseRate(name: string, text: string): number {
  const [, number = "0", unit = ""] = /^(\d{1,12}(?:\.\d{1,9})?)(?:([KMG])(?:iB)?)?$/i.exec(text) ??
    [];
  const bytesPerSecond = Number(number) * 1024 ** UNITS.indexOf(unit.toUpperCase());
  if (bytesPerSecond >= MIN_RATE && bytesPerSecond <= MAX_RATE) return bytesPerSecond;
  throw bad(name, text, "a rate of at least 1K, such as 500K or 1.5M bytes a second");
}

/** Which connections are to be encrypted. @throws {UsageError} */
export function parseEncryption(text: string): Encryption {
  if (text === "allow" || text === "require" || text === "off") return text;
  throw bad("encryption", text, "allow, require or off");
}

/** A source that may exist: not a kind that we cannot read. @throws {UsageError} */
export function checkSource(text: string): string {
  const shown = printable(text, 80);
  if (text === "") throw new UsageError("Cannot open the source: it is empty");
  if (/^magnet:/i.test(text)) {
    throw new UsageError(`Cannot open "${shown}": magnet links are not supported yet`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return text;
  // deno-lint-ignore no-control-regex -- new URL() would drop them in silence
  if (!/^https?$/.test(scheme) || /[\x00-\x20\x7f]/.test(text) || !URL.canParse(text)) {
    throw new UsageError(`Cannot open "${shown}": it is not an http or https URL`);
  }
  return text;
}

/** The error for a value that is not what it should be. */
export function bad(name: string, text: string, wanted: string): UsageError {
  return new UsageError(`Cannot use --${name}: "${printable(text, 80)}" is not ${wanted}`);
}
