/**
 * A cursor over bencode (BEP 3): reads it piece by piece, with every check of the decoder, and builds
 * nothing but what is asked for.
 *
 * @module
 */
import { BencodeError } from "../base/errors.ts";
import { type DecodeOptions, MAX_DEPTH, MAX_ITEMS } from "./bencode_options.ts";
import { KeyCache } from "./bencode_scan.ts";

/** Digits of an integer: BEP 3 has no limit, but the time to read one grows faster than its length. */
const MAX_DIGITS = 100_000;
/** How many bytes of a key are shown in an error. */
const MAX_SHOWN_KEY = 100;
/** So many digits always fit a safe integer. */
const SAFE_DIGITS = 15;

const ZERO = 0x30;
const COLON = 0x3a;
const MINUS = 0x2d;
const END = 0x65; // e

/** The byte that a dictionary starts with: d. */
export const DICTIONARY = 0x64;
/** The byte that a list starts with: l. */
export const LIST = 0x6c;
/** The byte that an integer starts with: i. */
export const INTEGER = 0x69;

/** Ends the decoding: `detail` is what is wrong at a byte. */
export function refuse(offset: number, detail: string): never {
  throw new BencodeError(`Cannot decode bencode at byte ${offset}: ${detail}`, offset);
}

/** The keys of a dictionary so far: a Map, a Set. */
export interface Keys {
  /** Whether the key is one of them. */
  has(key: string): boolean;
}

/** Reads one input from its start. Whatever it throws is a BencodeError. */
export class Cursor {
  /** The input. */
  readonly bytes: Uint8Array;
  /** The first thing that the standard forbids and the options allowed, since this was last cleared. */
  oddity: string | undefined;
  readonly #keys = new KeyCache();
  readonly #allowUnsortedKeys: boolean;
  readonly #allowLeadingZeros: boolean;
  readonly #maxDepth: number;
  /** The keys of the dictionaries that readEntries() is in, the inner ones last. */
  readonly #openKeys: string[] = [];
  #openKeyCount = 0;
  #itemsLeft: number;
  #depth = 0;
  #at = 0;

  constructor(bytes: Uint8Array, options: DecodeOptions) {
    this.bytes = bytes;
    this.#allowUnsortedKeys = options.allowUnsortedKeys ?? false;
    this.#allowLeadingZeros = options.allowLeadingZeros ?? false;
    this.#maxDepth = options.maxDepth ?? MAX_DEPTH;
    this.#itemsLeft = options.maxItems ?? MAX_ITEMS;
  }

  /** Where it is. */
  get offset(): number {
    return this.#at;
  }

  /** How many lists and dictionaries it is in. */
  get depth(): number {
    return this.#depth;
  }

  /** The byte it is at, which says what kind of value comes next. */
  get next(): number | undefined {
    return this.bytes[this.#at];
  }

  #countItem(): void {
    if (--this.#itemsLeft < 0) refuse(this.#at, "it has too many items");
  }

  /** Goes into the list or dictionary that it is at. */
  enter(): void {
    this.#countItem();
    if (this.#depth >= this.#maxDepth) {
      refuse(this.#at, `values nest deeper than ${this.#maxDepth}`);
    }
    this.#depth++;
    this.#at++;
  }

  /** Leaves the list or dictionary if this is its end; whether it was. */
  leaveAtEnd(): boolean {
    if (this.bytes[this.#at] !== END) return false;
    this.#depth--;
    this.#at++;
    return true;
  }

  /** Reads a key, with one character for each byte. Its place among others is for checkKey(). */
  readKey(): string {
    const length = this.#readLength("a key");
    return this.#keys.get(this.bytes, this.#at - length, length);
  }

  /** A key not above all before it is unsorted, and may be one of those that are `known`. */
  checkKey(key: string, keyOffset: number, known: Keys): void {
    if (known.has(key)) refuse(keyOffset, `the key ${quoted(key)} is a duplicate`);
    if (!this.#allowUnsortedKeys) refuse(keyOffset, `the key ${quoted(key)} is not in order`);
    this.oddity ??= `the key ${quoted(key)} at byte ${keyOffset} is not in order`;
  }

  /** Reads a dictionary without building it: `readEntry` has to read or skip the value of each key. */
  readEntries(readEntry: (key: string, source: this) => void): void {
    this.enter();
    const first = this.#openKeyCount;
    let highest: string | undefined;
    let known: Set<string> | undefined;
    while (!this.leaveAtEnd()) {
      const keyOffset = this.#at;
      const key = this.readKey();
      if (highest === undefined || key > highest) highest = key;
      else {
        known ??= new Set(this.#openKeys.slice(first, this.#openKeyCount));
        this.checkKey(key, keyOffset, known);
      }
      known?.add(key);
      this.#openKeys[this.#openKeyCount++] = key;
      readEntry(key, this);
    }
    this.#openKeyCount = first;
  }

  /** Reads a value of any kind for nothing but its checks. */
  skipValue(): void {
    const { next } = this;
    if (next === DICTIONARY) this.readEntries(skipEntry);
    else if (next === INTEGER) this.readInteger();
    else if (next === LIST) {
      this.enter();
      while (!this.leaveAtEnd()) this.skipValue();
    } else this.readString();
  }

  /** Moves past a string and returns its length: it lies before the offset. */
  readString(): number {
    return this.#readLength("a value");
  }

  /** Reads `LENGTH:` and checks that so many bytes follow: nothing is allocated on a peer's word. */
  #readLength(what: string): number {
    this.#countItem();
    const { bytes } = this;
    const start = this.#at;
    let at = start;
    let length = (bytes[at] ?? END) - ZERO;
    if (length < 0 || length > 9) this.#refuseStart(what);
    for (let byte = bytes[++at]; byte !== COLON; byte = bytes[++at]) {
      const digit = (byte ?? END) - ZERO;
      if (digit < 0 || digit > 9) refuse(at, "the length of a string has no colon");
      if (length === 0) this.#checkZero(start, "the length of a string starts with a zero");
      length = length * 10 + digit;
      if (length > bytes.length) break;
    }
    at++;
    if (length > bytes.length - at) refuse(start, "a string is longer than what follows");
    this.#at = at + length;
    return length;
  }

  #refuseStart(what: string): never {
    const byte = this.next;
    if (byte === undefined) refuse(this.#at, `it ends where ${what} should start`);
    refuse(this.#at, `${what} cannot start with byte 0x${byte.toString(16).padStart(2, "0")}`);
  }

  #checkZero(offset: number, detail: string): void {
    if (!this.#allowLeadingZeros) refuse(offset, detail);
    this.oddity ??= `at byte ${offset}, ${detail}`;
  }

  /** Reads the integer that it is at. */
  readInteger(): number | bigint {
    this.#countItem();
    const { bytes } = this;
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
    if (bytes[first] === ZERO && (at > first + 1 || isNegative)) {
      this.#checkZero(start, "an integer starts with a zero, or is minus zero");
    }
    this.#at = at + 1;
    if (at - first > SAFE_DIGITS) return this.#readLongInteger(start, at);
    return isNegative && value !== 0 ? -value : value;
  }

  #readLongInteger(start: number, end: number): number | bigint {
    if (end - start > MAX_DIGITS) refuse(start, `an integer has more than ${MAX_DIGITS} digits`);
    const value = BigInt(new TextDecoder().decode(this.bytes.subarray(start, end)));
    const rounded = Number(value);
    return Number.isSafeInteger(rounded) ? rounded : value;
  }
}

/** A key in an error: a hostile one may be as long as the input, and six times that in a text. */
function quoted(key: string): string {
  return JSON.stringify(key.length > MAX_SHOWN_KEY ? `${key.slice(0, MAX_SHOWN_KEY)}…` : key);
}

function skipEntry(_key: string, source: Cursor): void {
  source.skipValue();
}
