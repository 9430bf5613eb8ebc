/**
 * The codec of the journal DIR/NAME.westorrent: bytes in, values out; no files, no clock.
 *
 * A header, then records that only add to what is known. All numbers are big-endian.
 *
 * | header | bytes |                        | record | bytes |                                 |
 * | ------ | ----- | ---------------------- | ------ | ----- | ------------------------------- |
 * | 0      | 16    | "westorrent state"     | 0      | 1     | kind                            |
 * | 16     | 4     | format, 1              | 1      | 4     | length of the payload           |
 * | 20     | 20    | info hash              | 5      | 4     | CRC-32 of kind, length, payload |
 * | 40     | 8     | total length           | 9      | n     | payload                         |
 * | 48     | 4     | piece length           |        |       |                                 |
 * | 52     | 4     | piece count            |        |       |                                 |
 * | 56     | 4     | CRC-32 of bytes 0 to 55 |       |       |                                 |
 *
 * @module
 */
import { crc32 } from "./crc32.ts";

/** The length of the header in bytes. */
export const HEADER_LENGTH = 60;

const MAGIC = new TextEncoder().encode("westorrent state");
const FORMAT = 1;
const RECORD_HEAD_LENGTH = 9;
const CRC_LENGTH = 4;
/** More than any boot id is long. */
const MAX_BOOT_ID_LENGTH = 64;

const KIND = Object.freeze({ verified: 1, mark: 2, partial: 3, boot: 4, complete: 5 });

/** Which torrent a journal is of. */
export interface JournalHeader {
  readonly infoHash: Uint8Array;
  readonly totalLength: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
}

/** One entry of the journal. */
export type JournalRecord =
  /** These pieces are stored and verified. */
  | { readonly kind: "verified"; readonly pieceIndices: readonly number[] }
  /** Everything before `end`, an offset in the journal, has reached the disk together with its data. */
  | { readonly kind: "mark"; readonly end: number }
  /** These blocks of an unverified piece are stored: a bit per block; none set takes it back. */
  | { readonly kind: "partial"; readonly pieceIndex: number; readonly blocks: Uint8Array }
  /** A run of the program begins, on this boot of the machine; empty when unknown. */
  | { readonly kind: "boot"; readonly bootId: string }
  /** Every piece is stored and verified. */
  | { readonly kind: "complete" };

/** A record and where it ends in the journal, in bytes. */
export interface PlacedRecord {
  readonly record: JournalRecord;
  readonly end: number;
}

/** What a journal's bytes hold up to the first that cannot be a record. */
export interface DecodedRecords {
  readonly records: readonly PlacedRecord[];
  /** Where the last good record ends. */
  readonly end: number;
  /** `torn`: the last append was cut short. `corrupt`: something else changed the bytes. */
  readonly tail: "whole" | "torn" | "corrupt";
}

/** The header as bytes. */
export function encodeHeader(header: JournalHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(16, FORMAT);
  bytes.set(header.infoHash.subarray(0, 20), 20);
  view.setBigUint64(40, BigInt(header.totalLength));
  view.setUint32(48, header.pieceLength);
  view.setUint32(52, header.pieceCount);
  view.setUint32(56, crc32(bytes.subarray(0, HEADER_LENGTH - CRC_LENGTH)));
  return bytes;
}

/** The header, or `undefined` when these bytes do not begin with one that we understand. */
export function decodeHeader(bytes: Uint8Array): JournalHeader | undefined {
  if (bytes.length < HEADER_LENGTH) return undefined;
  const view = viewOf(bytes);
  if (!MAGIC.every((byte, at) => bytes[at] === byte) || view.getUint32(16) !== FORMAT) {
    return undefined;
  }
  if (view.getUint32(56) !== crc32(bytes.subarray(0, HEADER_LENGTH - CRC_LENGTH))) return undefined;
  return {
    infoHash: bytes.slice(20, 40),
    totalLength: Number(view.getBigUint64(40)),
    pieceLength: view.getUint32(48),
    pieceCount: view.getUint32(52),
  };
}

/** The record as bytes. */
export function encodeRecord(record: JournalRecord): Uint8Array<ArrayBuffer> {
  const payload = encodePayload(record);
  const bytes = new Uint8Array(RECORD_HEAD_LENGTH + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = KIND[record.kind];
  view.setUint32(1, payload.length);
  view.setUint32(5, recordSum(bytes, payload));
  bytes.set(payload, RECORD_HEAD_LENGTH);
  return bytes;
}

/**
 * The records after the header, up to the first that is cut short or damaged.
 *
 * @param bytes the whole journal
 */
export function decodeRecords(bytes: Uint8Array): DecodedRecords {
  const records: PlacedRecord[] = [];
  let end = HEADER_LENGTH;
  while (end < bytes.length) {
    const placed = decodeRecord(bytes, end);
    if (placed === undefined) return { records, end, tail: judgeTail(bytes, end) };
    records.push(placed);
    end = placed.end;
  }
  return { records, end, tail: "whole" };
}

function decodeRecord(bytes: Uint8Array, start: number): PlacedRecord | undefined {
  const payloadStart = start + RECORD_HEAD_LENGTH;
  if (payloadStart > bytes.length) return undefined;
  const head = bytes.subarray(start, payloadStart);
  const end = payloadStart + viewOf(head).getUint32(1);
  if (end > bytes.length) return undefined;
  const payload = bytes.subarray(payloadStart, end);
  if (viewOf(head).getUint32(5) !== recordSum(head, payload)) return undefined;
  const record = decodePayload(head[0], payload);
  return record === undefined ? undefined : { record, end };
}

/** A cut append is shorter than it says; after a power loss its bytes may also be zeros. */
function judgeTail(bytes: Uint8Array, start: number): "torn" | "corrupt" {
  const rest = bytes.subarray(start);
  const isShort = rest.length < RECORD_HEAD_LENGTH ||
    viewOf(rest).getUint32(1) > rest.length - RECORD_HEAD_LENGTH;
  return isShort || rest.every((byte) => byte === 0) ? "torn" : "corrupt";
}

function recordSum(head: Uint8Array, payload: Uint8Array): number {
  return crc32(payload, crc32(head.subarray(0, 5)));
}

function encodePayload(record: JournalRecord): Uint8Array {
  switch (record.kind) {
    case "verified":
      return encodeNumbers(record.pieceIndices);
    case "mark": {
      const bytes = new Uint8Array(8);
      viewOf(bytes).setBigUint64(0, BigInt(record.end));
      return bytes;
    }
    case "partial": {
      const bytes = new Uint8Array(4 + record.blocks.length);
      viewOf(bytes).setUint32(0, record.pieceIndex);
      bytes.set(record.blocks, 4);
      return bytes;
    }
    case "boot":
      return new TextEncoder().encode(record.bootId).subarray(0, MAX_BOOT_ID_LENGTH);
    case "complete":
      return new Uint8Array(0);
    default:
      return record satisfies never;
  }
}

function decodePayload(kind: number | undefined, payload: Uint8Array): JournalRecord | undefined {
  switch (kind) {
    case KIND.verified:
      if (payload.length % 4 !== 0) return undefined;
      return { kind: "verified", pieceIndices: decodeNumbers(payload) };
    case KIND.mark:
      if (payload.length !== 8) return undefined;
      return { kind: "mark", end: Number(viewOf(payload).getBigUint64(0)) };
    case KIND.partial:
      if (payload.length < 4) return undefined;
      return {
        kind: "partial",
        pieceIndex: viewOf(payload).getUint32(0),
        blocks: payload.slice(4),
      };
    case KIND.boot:
      if (payload.length > MAX_BOOT_ID_LENGTH) return undefined;
      return { kind: "boot", bootId: new TextDecoder().decode(payload) };
    case KIND.complete:
      return payload.length === 0 ? { kind: "complete" } : undefined;
    default:
      return undefined;
  }
}

function encodeNumbers(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4);
  const view = viewOf(bytes);
  numbers.forEach((number, at) => view.setUint32(at * 4, number));
  return bytes;
}

function decodeNumbers(bytes: Uint8Array): number[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(at * 4));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
