/**
 * What bencode decodes to (BEP 3), and how to ask such a value what it is.
 *
 * @module
 */
import { decodeText } from "../base/text.ts";

/** A list. */
export type BencodeList = readonly BencodeValue[];

/**
 * A dictionary. Keys are byte strings, written with one character of U+0000 to U+00FF for each byte:
 * lossless, and a key such as `__proto__` is a key like any other.
 */
export type BencodeDictionary = ReadonlyMap<string, BencodeValue>;

/** A decoded value: an integer (a bigint only where a number would round), a byte string, a list or a dictionary. */
export type BencodeValue = number | bigint | Uint8Array | BencodeList | BencodeDictionary;

/**
 * What can be encoded: as decoded, or more convenient. A text is encoded as UTF-8, `undefined` values are
 * left out; a list may be made as it is encoded.
 */
export type BencodeInput =
  | number
  | bigint
  | string
  | Uint8Array
  | readonly BencodeInput[]
  | IteratorObject<BencodeInput, undefined>
  | ReadonlyMap<string, BencodeInput>
  | { readonly [key: string]: BencodeInput | undefined };

/** The byte string, or `undefined` for anything else. */
export function bytesOf(value: BencodeValue | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

/** The integer where a number holds it exactly, or `undefined` for anything else. */
export function integerOf(value: BencodeValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The byte string as a text (see decodeText(): it may hold anything), or `undefined` for anything else. */
export function textOf(value: BencodeValue | undefined): string | undefined {
  return value instanceof Uint8Array ? decodeText(value) : undefined;
}

/** The list, or `undefined` for anything else. */
export function listOf(value: BencodeValue | undefined): BencodeList | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** The dictionary, or `undefined` for anything else. */
export function dictionaryOf(value: BencodeValue | undefined): BencodeDictionary | undefined {
  return value instanceof Map ? value : undefined;
}
