/**
 * What the decoder of bencode is told, and what it tells beside the value.
 *
 * @module
 */
import type { BencodeValue } from "./bencode_value.ts";

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

/** How deep values may nest by default. */
export const MAX_DEPTH = 100;
/** How many values and keys there may be by default. */
export const MAX_ITEMS = 3_000_000;

/**
 * A long list whose items are read by somebody else, one by one, and not kept: in the tree, the list is
 * empty. Nothing else changes for them, the limits least of all.
 */
export interface ItemReader<Source> {
  /** The keys that lead to the list, from the root dictionary. */
  readonly keys: readonly [string, string];
  /** Has to read one value, the next item. What it throws ends the decoding. */
  readonly read: (source: Source) => void;
}

/** Where a value of the root dictionary lies in the input, `end` excluded. */
export interface RootSpan {
  readonly start: number;
  readonly end: number;
  /** The first thing in it that the standard forbids and the options allowed; `undefined` where there is none. */
  readonly oddity: string | undefined;
}

/** A value that other bytes may follow. */
export interface BencodePrefix {
  readonly value: BencodeValue;
  /** How many bytes of the input the value takes. */
  readonly lengthBytes: number;
  /** Where the values of the root dictionary lie; empty when the root is none. */
  readonly rootSpans: ReadonlyMap<string, RootSpan>;
}
