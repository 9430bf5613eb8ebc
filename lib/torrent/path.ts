/**
 * Names from torrents made safe to use on disk: the one place where hostile bytes become file names.
 *
 * A safe component is never empty, `.` or `..`, holds no separator, no control, and nothing that is
 * invisible or changes the direction of writing, and is short enough for every file system.
 *
 * @module
 */
import { decodeLatin1, decodeUtf8 } from "../base/text.ts";

/** Whose rules for names hold. Windows has reserved names and characters, and drops trailing dots. */
export type NameRules = "posix" | "windows";

/** The rules of the system that we run on. */
export const SYSTEM_RULES: NameRules = Deno.build.os === "windows" ? "windows" : "posix";

/** What takes the place of what cannot be kept, and of a name of which nothing is left. */
export const PLACEHOLDER = "_";

/** The longest component that file systems allow, in bytes. */
export const MAX_COMPONENT_BYTES = 255;
/** Where a component is cut, in bytes: what is added to names needs some. */
const MAX_NAME_BYTES = MAX_COMPONENT_BYTES - 15;
/** An extension is kept when a component is cut, if its dot is among so many last bytes. */
const MAX_EXTENSION_BYTES = 9;

const DOT = 0x2e;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;

/**
 * Zero-width and bidirectional characters, and tags: left out, for they make names look like others.
 * Variation selectors stay: emoji need them.
 */
const INVISIBLE =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
/** C0 and C1 controls, and separators of lines and paragraphs. */
// deno-lint-ignore no-control-regex -- controls are what it is for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/;

/** Whatever may hold anything of the above, or a separator: half of a pair may be that of a tag. */
const SUSPICIOUS =
  // deno-lint-ignore no-control-regex -- controls are what it is for
  /[/\\\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\udb40\ufeff\uffa0\ufff9-\ufffb]/;

const WINDOWS_FORBIDDEN = /[<>:"|?*]/g;
const WINDOWS_RESERVED =
  /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;

/**
 * The safe name for one component of a path, or `undefined` when nothing of it can be kept (as of `..`).
 * Each sequence of bytes that is not UTF-8 becomes `_`, and so does each control character.
 */
export function safeComponent(
  component: Uint8Array,
  rules: NameRules = SYSTEM_RULES,
): string | undefined {
  if (component.length === 0) return PLACEHOLDER;
  const text = plainText(component) ?? rewrite(component);
  const name = rules === "windows" ? safeOnWindows(text) : text;
  return name === "" || name === "." || name === ".." ? undefined : name;
}

/** As safeComponent(), with `_` for a name of which nothing can be kept. */
export function safeName(component: Uint8Array, rules: NameRules = SYSTEM_RULES): string {
  return safeComponent(component, rules) ?? PLACEHOLDER;
}

/** Whether safeComponent() leaves it as it is. */
export function isSafeName(name: string): boolean {
  return name !== "" && safeComponent(new TextEncoder().encode(name)) === name;
}

/** Most names, in which there is nothing to change. */
function plainText(component: Uint8Array): string | undefined {
  if (component.length >= MAX_NAME_BYTES) return undefined;
  if (isPlainAscii(component)) return decodeLatin1(component);
  const text = decodeUtf8(component);
  return text === undefined || SUSPICIOUS.test(text) ? undefined : text;
}

/** Whether it is made of printable ASCII but the two separators. */
function isPlainAscii(component: Uint8Array): boolean {
  for (let at = 0; at < component.length; at++) {
    const byte = component[at] ?? 0;
    if (byte < 0x20 || byte > 0x7e || byte === SLASH || byte === BACKSLASH) return false;
  }
  return true;
}

function rewrite(component: Uint8Array): string {
  let text = "";
  let lengthBytes = 0;
  let isCut = false;
  for (let at = 0; at < component.length;) {
    const { character, length } = readCharacter(component, at);
    const kept = keep(character);
    text += kept;
    lengthBytes += kept === PLACEHOLDER ? 1 : kept === "" ? 0 : length;
    at += length;
    if (isCut || lengthBytes < MAX_NAME_BYTES) continue;
    isCut = true;
    at = extensionOffset(component, at);
  }
  return text;
}

/** What to write for a character; `undefined` stands for bytes that are none. */
function keep(character: string | undefined): string {
  if (character === undefined || CONTROL.test(character)) return PLACEHOLDER;
  if (character === "/" || character === "\\" || INVISIBLE.test(character)) return "";
  return character;
}

/** Where the extension starts, at or after `from`; the end when there is none. */
function extensionOffset(component: Uint8Array, from: number): number {
  const dot = component.lastIndexOf(DOT);
  const isNear = dot >= component.length - MAX_EXTENSION_BYTES;
  return dot >= from && isNear ? dot : component.length;
}

interface Character {
  readonly character: string | undefined;
  /** How many bytes it takes; of what is not UTF-8, as many as its first byte announces. */
  readonly length: number;
}

function readCharacter(bytes: Uint8Array, at: number): Character {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return { character: String.fromCharCode(first), length: 1 };
  const length = Math.min(announcedLength(first), bytes.length - at);
  return { character: decodeUtf8(bytes.subarray(at, at + length)), length };
}

function announcedLength(first: number): number {
  if (first < 0xc0 || first >= 0xfe) return 1;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  if (first < 0xf8) return 4;
  return first < 0xfc ? 5 : 6;
}

function safeOnWindows(name: string): string {
  const trimmed = name.replace(WINDOWS_FORBIDDEN, PLACEHOLDER).replace(/[ .]+$/, "");
  return WINDOWS_RESERVED.test(trimmed) ? `${PLACEHOLDER}${trimmed}` : trimmed;
}
