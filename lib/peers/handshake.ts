/**
 * The handshake: the first bytes that both sides send (BEP 3), with the reserved bits of BEP 5, 6 and 10.
 *
 * | offset | bytes | what                            |
 * | ------ | ----- | ------------------------------- |
 * | 0      | 1     | 19, the length of the next      |
 * | 1      | 19    | `BitTorrent protocol`           |
 * | 20     | 8     | reserved, one bit per extension |
 * | 28     | 20    | info hash                       |
 * | 48     | 20    | peer id                         |
 *
 * @module
 */
import { PeerError } from "../base/errors.ts";
import { PEER_ID_LENGTH, type PeerId, toPeerId } from "../base/identity.ts";
import { decodeLatin1, printable } from "../base/text.ts";

const PROTOCOL = new TextEncoder().encode("\x13BitTorrent protocol");
const RESERVED_LENGTH = 8;
const INFO_HASH_LENGTH = 20;

/** The bytes that tell a BitTorrent peer from anything else: enough to close early. */
export const HANDSHAKE_PREFIX_LENGTH: number = PROTOCOL.length;
const INFO_HASH_OFFSET = HANDSHAKE_PREFIX_LENGTH + RESERVED_LENGTH;
const PEER_ID_OFFSET = INFO_HASH_OFFSET + INFO_HASH_LENGTH;

/** The length of a handshake in bytes: 68. */
export const HANDSHAKE_LENGTH: number = PEER_ID_OFFSET + PEER_ID_LENGTH;

/** Where an extension's bit stands in the reserved bytes. */
interface ReservedBit {
  readonly byte: number;
  readonly mask: number;
}

const EXTENSIONS: ReservedBit = { byte: 5, mask: 0x10 }; // BEP 10
const FAST: ReservedBit = { byte: 7, mask: 0x04 }; // BEP 6
const DHT: ReservedBit = { byte: 7, mask: 0x01 }; // BEP 5

/** What to say in a handshake. */
export interface HandshakeOptions {
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** Ours. */
  readonly peerId: PeerId;
  /** 8 bytes of further bits to set; those of BEP 6 and 10 always are. */
  readonly reserved?: Uint8Array;
}

/** What a peer said in its handshake. Its bytes are copies: they outlive the buffer they were read into. */
export interface Handshake {
  /** 20 bytes, not compared with ours yet. */
  readonly infoHash: Uint8Array<ArrayBuffer>;
  /** What the peer calls itself; nothing proves it. */
  readonly peerId: PeerId;
  /** 8 bytes, a bit per extension. */
  readonly reserved: Uint8Array<ArrayBuffer>;
  /** The extension protocol (BEP 10). */
  readonly supportsExtensions: boolean;
  /** The fast extension (BEP 6). */
  readonly supportsFast: boolean;
  /** The distributed hash table (BEP 5). */
  readonly supportsDht: boolean;
}

/**
 * The 68 bytes of a handshake that offers the extension protocol (BEP 10) and the fast extension (BEP 6).
 *
 * @throws {RangeError} when the info hash has not 20 bytes or `reserved` not 8
 */
export function encodeHandshake(options: HandshakeOptions): Uint8Array<ArrayBuffer> {
  const { infoHash, peerId, reserved } = options;
  if (
    infoHash.length !== INFO_HASH_LENGTH ||
    (reserved?.length ?? RESERVED_LENGTH) !== RESERVED_LENGTH
  ) {
    throw new RangeError("Cannot encode handshake: info hash or reserved bytes of a wrong length");
  }
  const bytes = new Uint8Array(HANDSHAKE_LENGTH);
  bytes.set(PROTOCOL);
  const bits = bytes.subarray(HANDSHAKE_PREFIX_LENGTH, INFO_HASH_OFFSET);
  if (reserved !== undefined) bits.set(reserved);
  for (const { byte, mask } of [EXTENSIONS, FAST]) bits[byte] = (bits[byte] ?? 0) | mask;
  bytes.set(infoHash, INFO_HASH_OFFSET);
  bytes.set(peerId, PEER_ID_OFFSET);
  return bytes;
}

/**
 * Reads a handshake: exactly its 68 bytes.
 *
 * @throws {PeerError} "handshake", when it is none
 */
export function decodeHandshake(bytes: Uint8Array): Handshake {
  checkHandshakePrefix(bytes);
  if (bytes.length !== HANDSHAKE_LENGTH) {
    throw new PeerError(
      `Cannot decode handshake: it has ${bytes.length} bytes, not ${HANDSHAKE_LENGTH}`,
      "handshake",
    );
  }
  const copy = new Uint8Array(bytes);
  const reserved = copy.subarray(HANDSHAKE_PREFIX_LENGTH, INFO_HASH_OFFSET);
  return {
    infoHash: copy.subarray(INFO_HASH_OFFSET, PEER_ID_OFFSET),
    peerId: toPeerId(copy.subarray(PEER_ID_OFFSET)),
    reserved,
    supportsExtensions: hasBit(reserved, EXTENSIONS),
    supportsFast: hasBit(reserved, FAST),
    supportsDht: hasBit(reserved, DHT),
  };
}

/**
 * Looks at as much of a handshake as has arrived, so that what is not BitTorrent is closed at its
 * first wrong byte instead of being waited for.
 *
 * @throws {PeerError} "handshake", when the bytes cannot be the start of one
 */
export function checkHandshakePrefix(bytes: Uint8Array): void {
  if (isHandshakePrefix(bytes)) return;
  const shown = printable(decodeLatin1(bytes.subarray(0, HANDSHAKE_PREFIX_LENGTH)));
  throw new PeerError(`Cannot decode handshake: it starts with "${shown}"`, "handshake");
}

/** Whether the bytes, as few or as many as there are, can be the start of a handshake. */
export function isHandshakePrefix(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, HANDSHAKE_PREFIX_LENGTH);
  for (let at = 0; at < length; at++) {
    if (bytes[at] !== PROTOCOL[at]) return false;
  }
  return true;
}

function hasBit(reserved: Uint8Array, bit: ReservedBit): boolean {
  return ((reserved[bit.byte] ?? 0) & bit.mask) !== 0;
}
