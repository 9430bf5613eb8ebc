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

/** Longer than this, timers overflow: 20 days, in seconds. */
const MAX_SECONDS = 20 * 24 * 3600;

/** A whole number of 1 to `max`. @throws {UsageError} */
export function parseInteger(name: string, text: string, max: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw bad(name, text, `a whole number of 1 to ${max}`);
}

/** A number of seconds above 0, with or without decimals. @throws {UsageError} */
export function parseSeconds(text: string): number {
  const value = /^(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= MAX_SECONDS) return value;
  throw bad("timeout", text, `a number of seconds above 0 and up to ${MAX_SECONDS}`);
}

/** An IP address of this machine, canonical. @throws {UsageError} */
export function checkBindAddress(text: string): string {
  const host = canonicalHost(text);
  if (isAddressLiteral(host)) return host;
  throw bad("bind", text, "an IP address");
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

function bad(name: string, text: string, wanted: string): UsageError {
  return new UsageError(`Cannot use --${name}: "${printable(text, 80)}" is not ${wanted}`);
}
