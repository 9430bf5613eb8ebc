/**
 * The packets of UDP trackers (BEP 15, 41), big-endian:
 *
 * | bytes | connect          | connect's reply | announce           | announce's reply |
 * | ----- | ---------------- | --------------- | ------------------ | ---------------- |
 * | 0     | 0x41727101980    | action 0        | connection id      | action 1         |
 * | 4     |                  | transaction id  |                    | transaction id   |
 * | 8     | action 0         | connection id   | action 1           | interval, s      |
 * | 12    | transaction id   |                 | transaction id     | leechers         |
 * | 16    |                  |                 | info hash, 20      | seeders          |
 * | 20    |                  |                 |                    | packed peers     |
 * | 36    |                  |                 | peer id, 20        |                  |
 * | 56    |                  |                 | downloaded, 8      |                  |
 * | 64    |                  |                 | left, 8            |                  |
 * | 72    |                  |                 | uploaded, 8        |                  |
 * | 80    |                  |                 | event              |                  |
 * | 84    |                  |                 | address (0: ours)  |                  |
 * | 88    |                  |                 | key                |                  |
 * | 92    |                  |                 | peers wanted       |                  |
 * | 96    |                  |                 | port, 2            |                  |
 * | 98    |                  |                 | options (BEP 41)   |                  |
 *
 * @module
 */
import { decodeText } from "../base/text.ts";
import { type AddressFamily, decodeCompactPeers } from "../base/compact.ts";
import { MAX_REPLY_PEERS } from "./reply.ts";
import type { AnnounceReply, AnnounceRequest } from "./request.ts";

/** What a packet is. */
export const ACTION = Object.freeze({ connect: 0, announce: 1, error: 3 } as const);

/** The number of each event (BEP 15). */
const EVENT_NUMBER = Object.freeze({ update: 0, completed: 1, started: 2, stopped: 3 } as const);
/** Starts every first packet: tells the protocol from others. */
const PROTOCOL_ID = 0x41727101980n;
const CONNECT_LENGTH = 16;
const ANNOUNCE_LENGTH = 98;
const REPLY_HEADER_LENGTH = 8;
const CONNECT_REPLY_LENGTH = 16;
const ANNOUNCE_REPLY_LENGTH = 20;
/** BEP 41: the option that carries the path and query of the URL, in parts. */
const OPTION_URL_DATA = 2;
const OPTION_PART_LENGTH = 255;

/** What every reply starts with. */
export interface ReplyHeader {
  readonly action: number;
  readonly transactionId: number;
}

/** The header of a packet, or `undefined` when it is too short to have one. */
export function decodeReplyHeader(bytes: Uint8Array): ReplyHeader | undefined {
  if (bytes.length < REPLY_HEADER_LENGTH) return undefined;
  const view = viewOf(bytes);
  return { action: view.getUint32(0), transactionId: view.getUint32(4) };
}

/** The first packet: asks for a connection id. */
export function encodeConnect(transactionId: number): Uint8Array {
  const bytes = new Uint8Array(CONNECT_LENGTH);
  const view = viewOf(bytes);
  view.setBigUint64(0, PROTOCOL_ID);
  view.setUint32(8, ACTION.connect);
  view.setUint32(12, transactionId);
  return bytes;
}

/** The connection id in a reply to encodeConnect(). @throws {SyntaxError} when it is cut */
export function decodeConnectReply(bytes: Uint8Array): bigint {
  if (bytes.length < CONNECT_REPLY_LENGTH) {
    throw new SyntaxError(`the reply to connect has ${bytes.length} bytes`);
  }
  return viewOf(bytes).getBigUint64(8);
}

/** What an announce carries besides the request. */
export interface AnnounceHeader {
  readonly connectionId: bigint;
  readonly transactionId: number;
  /** Path and query of the tracker's URL; "" and "/" are not sent. */
  readonly urlData: string;
}

/** The packet of an announce. */
export function encodeAnnounce(header: AnnounceHeader, request: AnnounceRequest): Uint8Array {
  const options = encodeUrlData(header.urlData);
  const bytes = new Uint8Array(ANNOUNCE_LENGTH + options.length);
  const view = viewOf(bytes);
  view.setBigUint64(0, header.connectionId);
  view.setUint32(8, ACTION.announce);
  view.setUint32(12, header.transactionId);
  bytes.set(request.infoHash.subarray(0, 20), 16);
  bytes.set(request.peerId.subarray(0, 20), 36);
  view.setBigUint64(56, BigInt(request.downloadedBytes));
  view.setBigUint64(64, BigInt(request.leftBytes));
  view.setBigUint64(72, BigInt(request.uploadedBytes));
  view.setUint32(80, EVENT_NUMBER[request.event]);
  view.setUint32(88, request.key);
  view.setInt32(92, request.event === "stopped" ? 0 : request.numWant);
  view.setUint16(96, request.port);
  bytes.set(options, ANNOUNCE_LENGTH);
  return bytes;
}

function encodeUrlData(urlData: string): Uint8Array {
  if (urlData === "" || urlData === "/") return new Uint8Array(0);
  const text = new TextEncoder().encode(urlData);
  const parts: number[] = [];
  for (let at = 0; at < text.length; at += OPTION_PART_LENGTH) {
    const part = text.subarray(at, at + OPTION_PART_LENGTH);
    parts.push(OPTION_URL_DATA, part.length, ...part);
  }
  return new Uint8Array(parts);
}

/**
 * The reply to encodeAnnounce().
 *
 * @param family of the address that we talk to the tracker over: its peers are of the same
 * @throws {SyntaxError} when it is cut: also opentracker's answer for a torrent that it does not list,
 * a header with nothing after it
 */
export function decodeAnnounceReply(bytes: Uint8Array, family: AddressFamily): AnnounceReply {
  if (bytes.length < ANNOUNCE_REPLY_LENGTH) {
    throw new SyntaxError(
      `the reply has ${bytes.length} bytes, so the tracker may not serve this torrent`,
    );
  }
  const peers = decodeCompactPeers(bytes.subarray(ANNOUNCE_REPLY_LENGTH), family);
  return {
    peers: peers.slice(0, MAX_REPLY_PEERS),
    intervalSeconds: viewOf(bytes).getInt32(8),
  };
}

/** The text of an error packet (action 3): from outside, not yet fit to be shown. */
export function decodeErrorReply(bytes: Uint8Array): string {
  const end = bytes.indexOf(0, REPLY_HEADER_LENGTH); // some end it as C does
  return decodeText(bytes.subarray(REPLY_HEADER_LENGTH, end < 0 ? undefined : end));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
