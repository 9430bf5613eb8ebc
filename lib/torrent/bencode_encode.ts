/**
 * The encoder of bencode (BEP 3).
 *
 * @module
 */
import type { BencodeInput } from "./bencode_value.ts";

const ENCODER = new TextEncoder();

/**
 * Encodes a value. Keys of dictionaries are sorted as raw bytes; they have one character of U+0000 to
 * U+00FF for each byte. Texts given as values are encoded as UTF-8.
 *
 * @throws {TypeError} for a number that is no safe integer and for a key with other characters
 */
export function encodeBencode(value: BencodeInput): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.write(value);
  return writer.finish();
}

class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  write(value: BencodeInput): void {
    if (typeof value === "string") this.#writeText(value);
    else if (value instanceof Uint8Array) this.#writeBytes(value);
    else if (typeof value === "number" || typeof value === "bigint") this.#writeInteger(value);
    else if (isList(value)) this.#writeList(value);
    else this.#writeDictionary(value instanceof Map ? [...value] : Object.entries(value));
  }

  #writeInteger(value: number | bigint): void {
    if (typeof value === "number" && !Number.isSafeInteger(value)) {
      throw new TypeError(`Cannot encode bencode: ${value} is not a safe integer`);
    }
    this.#writeCodes(`i${value === 0 ? 0 : value}e`); // 0 for -0 too
  }

  #writeList(items: Iterable<BencodeInput>): void {
    this.#writeCodes("l");
    for (const item of items) this.write(item);
    this.#writeCodes("e");
  }

  #writeDictionary(entries: [string, BencodeInput | undefined][]): void {
    this.#writeCodes("d");
    // Code units below 256 compare as the bytes they stand for.
    for (const [key, value] of entries.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)) {
      if (value === undefined) continue;
      this.#writeCodes(`${key.length}:`);
      this.#writeCodes(key);
      this.write(value);
    }
    this.#writeCodes("e");
  }

  /** Most texts are ASCII, and short: an array of bytes for each would take longer than they do. */
  #writeText(text: string): void {
    if (!isAscii(text)) return this.#writeBytes(ENCODER.encode(text));
    this.#writeCodes(`${text.length}:`);
    this.#writeCodes(text);
  }

  #writeBytes(bytes: Uint8Array): void {
    this.#writeCodes(`${bytes.length}:`);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #writeCodes(text: string): void {
    this.#reserve(text.length);
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0xff) {
        throw new TypeError(`Cannot encode bencode: key ${JSON.stringify(text)} is not bytes`);
      }
      this.#bytes[this.#length++] = code;
    }
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) > 0x7f) return false;
  }
  return true;
}

/** Array.isArray() does not narrow a readonly array out of a union. */
function isList(
  value: BencodeInput,
): value is readonly BencodeInput[] | IteratorObject<BencodeInput, undefined> {
  return Array.isArray(value) || value instanceof Iterator;
}
