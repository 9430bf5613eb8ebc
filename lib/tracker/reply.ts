/**
 * An HTTP tracker's reply (BEP 3, 7, 23, 24, 31), from bytes to checked values.
 *
 * @module
 */
import { canonicalHost, type PeerAddress } from "../base/address.ts";
import { isPeerHost } from "../base/host.ts";
import {
  type BencodeDictionary,
  type BencodeValue,
  bytesOf,
  decodeBencode,
  dictionaryOf,
  integerOf,
  listOf,
  textOf,
} from "../torrent/bencode.ts";
import { decodeCompactPeers, formatHost } from "../base/compact.ts";
import type { AnnounceReply } from "./request.ts";

/** How many peers of one reply are taken: we ask for far fewer, the rest would be a flood. */
export const MAX_REPLY_PEERS = 1000;
const MAX_REPLY_DEPTH = 8;
const MAX_REPLY_ITEMS = 100_000;
const MAX_TRACKER_ID_LENGTH = 1024;

/** A reply understood: either peers, or the tracker's reason for giving none (not yet fit to be shown). */
export type DecodedReply =
  | { readonly kind: "reply"; readonly reply: AnnounceReply }
  | {
    readonly kind: "failure";
    readonly reason: string;
    /** How long it wants to be left alone, if it says so: Infinity for good. */
    readonly retrySeconds: number | undefined;
  };

/**
 * Decodes a reply. Unsorted keys pass, for trackers send them; so does white space at the end.
 *
 * @throws {SyntaxError} when it is not a dictionary in bencode, or its packed peers are not whole
 */
export function decodeHttpReply(bytes: Uint8Array): DecodedReply {
  const root = dictionaryOf(decodeBencode(trimEnd(bytes), {
    allowUnsortedKeys: true,
    maxDepth: MAX_REPLY_DEPTH,
    maxItems: MAX_REPLY_ITEMS,
  }));
  if (root === undefined) throw new SyntaxError("Cannot decode reply: it is not a dictionary");
  const reason = textOf(root.get("failure reason"));
  if (reason === undefined) return { kind: "reply", reply: toReply(root) };
  return { kind: "failure", reason, retrySeconds: decodeRetry(root.get("retry in")) };
}

/** Minutes, as a number or as text, or "never" (BEP 31). */
function decodeRetry(value: BencodeValue | undefined): number | undefined {
  const text = textOf(value);
  if (text === "never") return Infinity;
  const minutes = integerOf(value) ?? Number(text);
  return Number.isSafeInteger(minutes) && minutes > 0 ? minutes * 60 : undefined;
}

function toReply(root: BencodeDictionary): AnnounceReply {
  const peers = [...decodePeers(root.get("peers")), ...decodePeers6(root.get("peers6"))];
  const trackerId = bytesOf(root.get("tracker id"));
  const external = bytesOf(root.get("external ip"));
  return {
    peers: peers.slice(0, MAX_REPLY_PEERS),
    intervalSeconds: integerOf(root.get("interval")),
    minIntervalSeconds: integerOf(root.get("min interval")),
    warning: textOf(root.get("warning message")),
    trackerId: trackerId !== undefined && trackerId.length <= MAX_TRACKER_ID_LENGTH
      ? trackerId.slice()
      : undefined,
    externalHost: external?.length === 4 || external?.length === 16
      ? formatHost(external)
      : undefined,
  };
}

function decodePeers(value: BencodeValue | undefined): PeerAddress[] {
  const packed = bytesOf(value);
  if (packed !== undefined) return decodeCompactPeers(packed, "IPv4");
  return (listOf(value) ?? []).flatMap(decodePeer);
}

function decodePeers6(value: BencodeValue | undefined): PeerAddress[] {
  return decodeCompactPeers(bytesOf(value) ?? new Uint8Array(0), "IPv6");
}

/** One peer of the long form: none where anything is missing or impossible. */
function decodePeer(value: BencodeValue): PeerAddress[] {
  const peer = dictionaryOf(value);
  const host = canonicalHost(textOf(peer?.get("ip")) ?? "");
  const port = integerOf(peer?.get("port"));
  if (port === undefined || port < 1 || port > 65535 || !isPeerHost(host)) return [];
  return [{ host, port }];
}

function trimEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && isSpace(bytes[end - 1])) end--;
  return bytes.subarray(0, end);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}
