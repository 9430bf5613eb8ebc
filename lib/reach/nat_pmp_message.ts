/**
 * The messages of the NAT Port Mapping Protocol (RFC 6886, section 3), big-endian:
 *
 * | bytes | address request | its response  | map request     | its response        |
 * | ----- | --------------- | ------------- | --------------- | ------------------- |
 * | 0     | version 0       | version 0     | version 0       | version 0           |
 * | 1     | opcode 0        | 128           | opcode 2 (TCP)  | 130                 |
 * | 2     |                 | result code   |                 | result code         |
 * | 4     |                 | since start, s | our port       | since start, s      |
 * | 6     |                 |               | external wanted |                     |
 * | 8     |                 | address, 4    | lifetime, s     | our port            |
 * | 10    |                 |               |                 | external port given |
 * | 12    |                 |               |                 | lifetime, s         |
 *
 * @module
 */
import { formatHost } from "../base/compact.ts";

const OPCODE_ADDRESS = 0;
const OPCODE_MAP_TCP = 2;
const RESPONSE = 128;
const ADDRESS_RESPONSE_LENGTH = 12;
const MAP_REQUEST_LENGTH = 12;
const MAP_RESPONSE_LENGTH = 16;
const HEADER_LENGTH = 8;

/** A request to map a TCP port, or, with a lifetime of 0, to end that. */
export interface NatPmpRequest {
  readonly port: number;
  /** The one that we would like; 0 to end the mapping. */
  readonly externalPort: number;
  readonly lifetimeSeconds: number;
}

/** What the gateway answers to it. */
export type NatPmpResponse =
  | { readonly kind: "refused"; readonly resultCode: number }
  | { readonly kind: "mapped"; readonly externalPort: number; readonly lifetimeSeconds: number };

/** What it answers to the question for its address. */
export type NatPmpAddress =
  | { readonly kind: "refused"; readonly resultCode: number }
  | { readonly kind: "address"; readonly externalHost: string };

/** The question for the gateway's address on its other side. */
export function encodeAddressRequest(): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0, OPCODE_ADDRESS);
}

/** Reads a packet; undefined for one that is no answer to that. */
export function decodeAddressResponse(bytes: Uint8Array): NatPmpAddress | undefined {
  const resultCode = resultCodeIn(bytes, OPCODE_ADDRESS);
  if (resultCode === undefined) return undefined;
  if (resultCode !== 0) return { kind: "refused", resultCode };
  if (bytes.length < ADDRESS_RESPONSE_LENGTH) return undefined;
  return { kind: "address", externalHost: formatHost(bytes.subarray(8, 12)) };
}

/** The packet of a request. */
export function encodeNatPmpRequest(request: NatPmpRequest): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(MAP_REQUEST_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes[1] = OPCODE_MAP_TCP;
  view.setUint16(4, request.port);
  view.setUint16(6, request.externalPort);
  view.setUint32(8, request.lifetimeSeconds);
  return bytes;
}

/** Reads a packet; undefined for one that is no answer to this request. */
export function decodeNatPmpResponse(
  bytes: Uint8Array,
  { port }: NatPmpRequest,
): NatPmpResponse | undefined {
  const resultCode = resultCodeIn(bytes, OPCODE_MAP_TCP);
  if (resultCode === undefined) return undefined;
  if (resultCode !== 0) return { kind: "refused", resultCode };
  if (bytes.length < MAP_RESPONSE_LENGTH) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (view.getUint16(8) !== port) return undefined;
  return {
    kind: "mapped",
    externalPort: view.getUint16(10),
    lifetimeSeconds: view.getUint32(12),
  };
}

/** Of a response to this opcode; undefined for any other packet. */
function resultCodeIn(bytes: Uint8Array, opcode: number): number | undefined {
  if (bytes.length < HEADER_LENGTH || bytes[0] !== 0) return undefined;
  if (bytes[1] !== RESPONSE + opcode) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint16(2);
}
