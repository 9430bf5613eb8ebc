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
import { refuse } from "./bencode_cursor.ts";
import { Decoder } from "./bencode_decoder.ts";
import {
  type BencodePrefix,
  type DecodeOptions,
  type ItemReader,
  MAX_ITEMS,
} from "./bencode_options.ts";
import { checkItemCount } from "./bencode_scan.ts";
import type { BencodeValue } from "./bencode_value.ts";

export * from "./bencode_options.ts";
export * from "./bencode_value.ts";
export { encodeBencode } from "./bencode_encode.ts";

/** What may be asked for besides. */
export interface PrefixOptions extends DecodeOptions {
  /** Reads the items of one list, so that no tree of them is built. */
  readonly itemReader?: ItemReader<Decoder>;
}

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
  options: PrefixOptions = {},
): BencodePrefix {
  const { maxLengthBytes = Infinity, maxItems = MAX_ITEMS } = options;
  if (bytes.length > maxLengthBytes) {
    refuse(maxLengthBytes, `it has ${bytes.length} bytes, of at most ${maxLengthBytes}`);
  }
  // Counted first where it can matter (an item takes two bytes), so that what is refused is never built.
  if (bytes.length > 2 * maxItems) checkItemCount(bytes, maxItems);
  const decoder = new Decoder(bytes, options, options.itemReader);
  const value = decoder.readValue();
  return { value, lengthBytes: decoder.offset, rootSpans: decoder.rootSpans };
}
