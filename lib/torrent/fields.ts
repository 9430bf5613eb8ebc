/**
 * Reading a torrent's dictionaries with errors that name the key.
 *
 * @module
 */
import { MetainfoError } from "../base/errors.ts";
import { printable } from "../base/text.ts";
import { type BencodeDictionary, type BencodeValue, textOf } from "./bencode_value.ts";

/** Ends the reading of a torrent: `key` is the path of the value ("" for all), `detail` what is wrong with it. */
export function refuseTorrent(key: string, detail: string): never {
  const what = key === "" ? "it" : `"${key}"`;
  throw new MetainfoError(`Cannot read torrent: ${what} ${detail}`, key);
}

/** What a value is, for an error. */
export function describe(value: BencodeValue | undefined): string {
  if (value === undefined) return "is missing";
  if (typeof value === "number" || typeof value === "bigint") {
    const digits = String(value);
    return `is ${digits.length > 24 ? `an integer of ${digits.length} digits` : digits}`;
  }
  if (value instanceof Uint8Array) return "is a string";
  return Array.isArray(value) ? "is a list" : "is a dictionary";
}

/** A text for people: fit for a terminal, but with its line breaks; `KEY.utf-8` comes first where valid. */
export function shownText(dictionary: BencodeDictionary, key: string): string | undefined {
  const text = textOf(dictionary.get(`${key}.utf-8`)) ?? textOf(dictionary.get(key));
  return text?.split(/\r\n|[\r\n]/).map((line) => printable(line)).join("\n");
}

const MAX_WARNINGS = 20;
/** In UTF-16 units. */
const MAX_LINE_LENGTH = 1000;

/** What was odd but tolerated; a hostile torrent cannot make it long. */
export class Warnings {
  readonly #lines = new Set<string>();
  #dropped = 0;

  /** Notes one oddity, in a sentence without a period. */
  add(text: string): void {
    const line = printable(text, MAX_LINE_LENGTH);
    if (this.#lines.size < MAX_WARNINGS) this.#lines.add(line);
    else if (!this.#lines.has(line)) this.#dropped++;
  }

  /** Everything noted. */
  list(): readonly string[] {
    if (this.#dropped === 0) return [...this.#lines];
    return [...this.#lines, `Left out ${this.#dropped} further warnings`];
  }
}
