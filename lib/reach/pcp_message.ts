/**
 * The MAP messages of the Port Control Protocol (RFC 6887, sections 7 and 11), big-endian:
 *
 * | bytes | request                    | response                    |
 * | ----- | -------------------------- | --------------------------- |
 * | 0     | version 2                  | version 2                   |
 * | 1     | opcode 1                   | opcode 1, and 0x80          |
 * | 3     |                            | result code                 |
 * | 4     | lifetime, s                | lifetime, s                 |
 * | 8     | our address, 16            | seconds since it started    |
 * | 24    | nonce, 12                  | the same                    |
 * | 36    | protocol: 6, TCP           | the same                    |
 * | 40    | our port                   | the same                    |
 * | 42    | external port wanted       | external port given         |
 * | 44    | external address wanted, 16 | external address given, 16 |
 *
 * @module
 */
import { formatHost, hostBytes } from "../base/compact.ts";

/** The length of both, in bytes. */
const MESSAGE_LENGTH = 60;

/** The length of the nonce, in bytes. */
export const NONCE_LENGTH = 12;

const VERSION = 2;
const OPCODE_MAP = 1;
const RESPONSE = 0x80;
const PROTOCOL_TCP = 6;
/** Starts an IPv4 address in 16 bytes. */
const MAPPED_PREFIX: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** A request to map a TCP port, or, with a lifetime of 0, to end that. */
export interface PcpRequest {
  /** Ours, an IPv4 literal. */
  readonly localHost: string;
  readonly port: number;
  /** The one that we would like. */
  readonly externalPort: number;
  readonly lifetimeSeconds: number;
  /** Tells our mapping from those of others: NONCE_LENGTH random bytes, the same for all of its life. */
  readonly nonce: Uint8Array;
}

/** What the gateway answers: that it speaks no PCP, that it refuses, or what it has mapped. */
export type PcpResponse =
  | { readonly kind: "otherVersion" }
  | { readonly kind: "refused"; readonly resultCode: number }
  | {
    readonly kind: "mapped";
    readonly externalHost: string;
    readonly externalPort: number;
    readonly lifetimeSeconds: number;
  };

/** The packet of a request. */
export function encodePcpRequest(request: PcpRequest): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(MESSAGE_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  bytes[1] = OPCODE_MAP;
  view.setUint32(4, request.lifetimeSeconds);
  bytes.set([...MAPPED_PREFIX, ...hostBytes(request.localHost) ?? []], 8);
  bytes.set(request.nonce.subarray(0, NONCE_LENGTH), 24);
  bytes[36] = PROTOCOL_TCP;
  view.setUint16(40, request.port);
  view.setUint16(42, request.externalPort);
  bytes.set(MAPPED_PREFIX, 44);
  return bytes;
}

/** Reads a packet; undefined for one that is no answer to this request. */
export function decodePcpResponse(bytes: Uint8Array, request: PcpRequest): PcpResponse | undefined {
  // An older gateway answers in NAT-PMP (RFC 6886, section 9), which is version 0.
  if (bytes[0] === 0 && bytes.length >= 4) return { kind: "otherVersion" };
  if (bytes.length < MESSAGE_LENGTH || bytes[0] !== VERSION) return undefined;
  if (bytes[1] !== (RESPONSE | OPCODE_MAP) || bytes[36] !== PROTOCOL_TCP) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const isOurs = request.nonce.every((byte, at) => byte === bytes[24 + at]);
  if (!isOurs || view.getUint16(40) !== request.port) return undefined;
  const resultCode = bytes[3] ?? 0;
  if (resultCode !== 0) return { kind: "refused", resultCode };
  return {
    kind: "mapped",
    externalHost: formatHost(bytes.subarray(44, 60)),
    externalPort: view.getUint16(42),
    lifetimeSeconds: view.getUint32(4),
  };
}
