/**
 * The recursive decoder of bencode: a cursor that builds what it reads.
 *
 * @module
 */
import { Cursor, DICTIONARY, INTEGER, LIST } from "./bencode_cursor.ts";
import type { DecodeOptions, ItemReader, RootSpan } from "./bencode_options.ts";
import type { BencodeDictionary, BencodeList, BencodeValue } from "./bencode_value.ts";

// Shared, so that a list of a million empty values costs a pointer each.
const NO_BYTES = new Uint8Array(0);
const NO_ITEMS: BencodeList = Object.freeze([]);
const NO_ENTRIES: BencodeDictionary = new Map();

/** Decodes the value that its input starts with. */
export class Decoder extends Cursor {
  /** Where the values of the root dictionary lie. */
  readonly rootSpans = new Map<string, RootSpan>();
  readonly #itemReader: ItemReader<Decoder> | undefined;
  /** The items of the lists that are being read, the inner ones last: no length is known before the end. */
  readonly #openItems: BencodeValue[] = [];
  #openItemCount = 0;
  #rootKey = "";

  constructor(bytes: Uint8Array, options: DecodeOptions, itemReader?: ItemReader<Decoder>) {
    super(bytes, options);
    this.#itemReader = itemReader;
  }

  /** Reads a value of any kind. */
  readValue(): BencodeValue {
    switch (this.next) {
      case DICTIONARY:
        return this.#readDictionary();
      case LIST:
        return this.#readList();
      case INTEGER:
        return this.readInteger();
      default:
        return this.#readBytes();
    }
  }

  #readBytes(): Uint8Array {
    const length = this.readString();
    if (length === 0) return NO_BYTES;
    // What subarray() does, in two thirds of the time.
    const { buffer, byteOffset } = this.bytes;
    return new Uint8Array(buffer, byteOffset + this.offset - length, length);
  }

  #readList(): BencodeList {
    this.enter();
    if (this.leaveAtEnd()) return NO_ITEMS;
    const first = this.#openItemCount;
    do {
      const item = this.readValue(); // comes first, for it may open lists of its own
      this.#openItems[this.#openItemCount++] = item;
    } while (!this.leaveAtEnd());
    const items = this.#openItems.slice(first, this.#openItemCount);
    this.#openItemCount = first;
    return items;
  }

  #readDictionary(): BencodeDictionary {
    this.enter();
    if (this.leaveAtEnd()) return NO_ENTRIES;
    const entries = new Map<string, BencodeValue>();
    let highest: string | undefined;
    do {
      const keyOffset = this.offset;
      const key = this.readKey();
      if (highest === undefined || key > highest) highest = key;
      else this.checkKey(key, keyOffset, entries);
      entries.set(key, this.depth > 2 ? this.readValue() : this.#readUpperValue(key));
    } while (!this.leaveAtEnd());
    return entries;
  }

  /** A value of the root, or of a dictionary in it. */
  #readUpperValue(key: string): BencodeValue {
    if (this.depth === 1) return this.#readRootValue(key);
    const reader = this.#itemReader;
    const isItemwise = reader?.keys[0] === this.#rootKey && reader.keys[1] === key;
    return isItemwise && this.next === LIST ? this.#readItems(reader) : this.readValue();
  }

  #readRootValue(key: string): BencodeValue {
    const start = this.offset;
    this.#rootKey = key;
    this.oddity = undefined;
    const value = this.readValue();
    this.rootSpans.set(key, { start, end: this.offset, oddity: this.oddity });
    return value;
  }

  #readItems(reader: ItemReader<Decoder>): BencodeList {
    this.enter();
    while (!this.leaveAtEnd()) reader.read(this);
    return NO_ITEMS;
  }
}
