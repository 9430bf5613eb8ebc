/**
 * Bencode, the encoding of torrents, trackers and extensions (BEP 3): a recursive decoder over a cursor.
 *
 * Strings stay bytes, as views of the input: valid as long as the input is not overwritten.
 *
 * @example Decode and encode
 * ```ts
 * import { decodeBencode, dictionaryOf, encodeBencode, integerOf } from "./bencode.ts";
 *
 * const bytes = encodeBencode({ interval: 1800, peers: "" });
 * const reply = dictionaryOf(decodeBencode(bytes));
 * if (integerOf(reply?.get("interval")) !== 1800) throw new Error("not what was encoded");
 * ```
 *
 * @module
 */
import { BencodeError } from "../base/errors.ts";
import type { BencodeDictionary, BencodeList, BencodeValue } from "./bencode_value.ts";
import { checkItemCount, KeyCache } from "./bencode_scan.ts";

export * from "./bencode_value.ts";
export { encodeBencode } from "./bencode_encode.ts";

/** What to tolerate and where to stop. */
export interface DecodeOptions {
  /** Whether unsorted keys pass, as real torrents and peers have them; duplicate ones never do. */
  readonly allowUnsortedKeys?: boolean;
  /** Whether integers and lengths such as `i007e`, `i-0e` and `03:abc` pass, as some old torrents have them. */
  readonly allowLeadingZeros?: boolean;
  /** How deep lists and dictionaries may nest: stops a stack overflow. Default 100. */
  readonly maxDepth?: number;
  /** How many values and keys there may be: stops small inputs that need much memory. Default 3,000,000. */
  readonly maxItems?: number;
  /** How many bytes the input may have. Default: no limit. */
  readonly maxLengthBytes?: number;
}

/** A run of bytes of the input, `end` excluded. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** A value that other bytes may follow. */
export interface BencodePrefix {
  readonly value: BencodeValue;
  /** How many bytes of the input the value takes. */
  readonly lengthBytes: number;
  /** Where the values of the root dictionary lie in the input; empty when the root is none. */
  readonly rootSpans: ReadonlyMap<string, ByteSpan>;
}

/** How deep values may nest by default. */
export const MAX_DEPTH = 100;
/** How many values and keys there may be by default. */
export const MAX_ITEMS = 3_000_000;
/** Digits of an integer: BEP 3 has no limit, but the time to read one grows faster than its length. */
const MAX_DIGITS = 100_000;
/** So many digits always fit a safe integer. */
const SAFE_DIGITS = 15;

const ZERO = 0x30;
const COLON = 0x3a;
const MINUS = 0x2d;
const DICTIONARY = 0x64; // d
const END = 0x65; // e
const INTEGER = 0x69; // i
const LIST = 0x6c; // l

/** Room that an array takes when it begins to grow: a copy of a short list takes none. */
const SPARE_ITEMS = 16;

// Shared, so that a list of a million empty values costs a pointer each.
const NO_BYTES = new Uint8Array(0);
const NO_ITEMS: BencodeList = Object.freeze([]);
const NO_ENTRIES: BencodeDictionary = new Map();

/**
 * Decodes one value that takes the whole input. By default exactly BEP 3.
 *
 * @throws {BencodeError} with the offset, for anything else and beyond the limits
 */
export function decodeBencode(bytes: Uint8Array, options: DecodeOptions = {}): BencodeValue {
  const { value, lengthBytes } = decodeBencodePrefix(bytes, options);
  if (lengthBytes < bytes.length) refuse(lengthBytes, "bytes follow the value");
  return value;
}

/**
 * Decodes the value that the input starts with, and says where it and the root's values lie.
 *
 * @throws {BencodeError} with the offset
 */
export function decodeBencodePrefix(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): BencodePrefix {
  const { maxLengthBytes = Infinity, maxItems = MAX_ITEMS } = options;
  if (bytes.length > maxLengthBytes) {
    refuse(maxLengthBytes, `it has ${bytes.length} bytes, of at most ${maxLengthBytes}`);
  }
  // Counted first where it can matter (an item takes two bytes), so that what is refused is never built.
  if (bytes.length > 2 * maxItems) checkItemCount(bytes, maxItems);
  const decoder = new Decoder(bytes, options);
  const value = decoder.readValue();
  return { value, lengthBytes: decoder.offset, rootSpans: decoder.rootSpans };
}

function refuse(offset: number, detail: string): never {
  throw new BencodeError(`Cannot decode bencode at byte ${offset}: ${detail}`, offset);
}

class Decoder {
  readonly rootSpans = new Map<string, ByteSpan>();
  readonly #bytes: Uint8Array;
  readonly #keys = new KeyCache();
  readonly #allowUnsortedKeys: boolean;
  readonly #allowLeadingZeros: boolean;
  readonly #maxDepth: number;
  #itemsLeft: number;
  #depth = 0;
  #at = 0;

  constructor(bytes: Uint8Array, options: DecodeOptions) {
    this.#bytes = bytes;
    this.#allowUnsortedKeys = options.allowUnsortedKeys ?? false;
    this.#allowLeadingZeros = options.allowLeadingZeros ?? false;
    this.#maxDepth = options.maxDepth ?? MAX_DEPTH;
    this.#itemsLeft = options.maxItems ?? MAX_ITEMS;
  }

  get offset(): number {
    return this.#at;
  }

  readValue(): BencodeValue {
    this.#countItem();
    const byte = this.#bytes[this.#at];
    switch (byte) {
      case DICTIONARY:
        return this.#readDictionary();
      case LIST:
        return this.#readList();
      case INTEGER:
        return this.#readInteger();
      default:
        return this.#readBytes("a value");
    }
  }

  #countItem(): void {
    if (--this.#itemsLeft < 0) refuse(this.#at, "it has too many items");
  }

  #enter(): void {
    if (this.#depth >= this.#maxDepth) {
      refuse(this.#at, `values nest deeper than ${this.#maxDepth}`);
    }
    this.#depth++;
    this.#at++;
  }

  #leave(): void {
    this.#depth--;
    this.#at++;
  }

  #readList(): BencodeList {
    this.#enter();
    if (this.#bytes[this.#at] === END) {
      this.#leave();
      return NO_ITEMS;
    }
    const items: BencodeValue[] = [];
    do items.push(this.readValue()); while (this.#bytes[this.#at] !== END);
    this.#leave();
    return items.length < SPARE_ITEMS ? items.slice() : items;
  }

  #readDictionary(): BencodeDictionary {
    this.#enter();
    if (this.#bytes[this.#at] === END) {
      this.#leave();
      return NO_ENTRIES;
    }
    const entries = new Map<string, BencodeValue>();
    let previous: string | undefined;
    do {
      const keyOffset = this.#at;
      const key = this.#readKey();
      if (previous !== undefined && key <= previous) this.#checkKey(key, entries, keyOffset);
      else previous = key;
      const start = this.#at;
      entries.set(key, this.readValue());
      if (this.#depth === 1) this.rootSpans.set(key, { start, end: this.#at });
    } while (this.#bytes[this.#at] !== END);
    this.#leave();
    return entries;
  }

  /** A key not above all before it is unsorted, and may be a duplicate. */
  #checkKey(key: string, entries: BencodeDictionary, keyOffset: number): void {
    if (entries.has(key)) refuse(keyOffset, `the key ${JSON.stringify(key)} is a duplicate`);
    if (this.#allowUnsortedKeys) return;
    refuse(keyOffset, `the key ${JSON.stringify(key)} is not in order`);
  }

  #readKey(): string {
    this.#countItem();
    const length = this.#readLength("a key");
    const key = this.#keys.get(this.#bytes, this.#at, length);
    this.#at += length;
    return key;
  }

  #readBytes(what: string): Uint8Array {
    const length = this.#readLength(what);
    if (length === 0) return NO_BYTES;
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** Reads `LENGTH:` and checks that so many bytes follow: nothing is allocated on a peer's word. */
  #readLength(what: string): number {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let length = (bytes[at] ?? END) - ZERO;
    if (length < 0 || length > 9) this.#refuseStart(what);
    for (let byte = bytes[++at]; byte !== COLON; byte = bytes[++at]) {
      const digit = (byte ?? END) - ZERO;
      if (digit < 0 || digit > 9) refuse(at, "the length of a string has no colon");
      if (length === 0 && !this.#allowLeadingZeros) {
        refuse(start, "the length of a string starts with a zero");
      }
      length = length * 10 + digit;
      if (length > bytes.length) break;
    }
    at++;
    if (length > bytes.length - at) refuse(start, "a string is longer than what follows");
    this.#at = at;
    return length;
  }

  #refuseStart(what: string): never {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) refuse(this.#at, `it ends where ${what} should start`);
    refuse(this.#at, `${what} cannot start with byte 0x${byte.toString(16).padStart(2, "0")}`);
  }

  #readInteger(): number | bigint {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    const isNegative = bytes[start] === MINUS;
    const first = isNegative ? start + 1 : start;
    let at = first;
    let value = 0;
    for (let byte = bytes[at]; byte !== END; byte = bytes[++at]) {
      const digit = (byte ?? END) - ZERO;
      if (digit < 0 || digit > 9) refuse(at, "an integer is not made of digits and an end");
      value = value * 10 + digit;
    }
    if (at === first) refuse(start, "an integer has no digits");
    const hasLeadingZero = bytes[first] === ZERO && (at > first + 1 || isNegative);
    if (hasLeadingZero && !this.#allowLeadingZeros) {
      refuse(start, "an integer starts with a zero, or is minus zero");
    }
    this.#at = at + 1;
    if (at - first > SAFE_DIGITS) return this.#readLongInteger(start, at);
    return isNegative && value !== 0 ? -value : value;
  }

  #readLongInteger(start: number, end: number): number | bigint {
    if (end - start > MAX_DIGITS) refuse(start, `an integer has more than ${MAX_DIGITS} digits`);
    const value = BigInt(new TextDecoder().decode(this.#bytes.subarray(start, end)));
    const rounded = Number(value);
    return Number.isSafeInteger(rounded) ? rounded : value;
  }
}
