/**
 * What both sides of the handshake of Message Stream Encryption have in common. Who dials speaks first:
 *
 *     dialling   ->  public key, padding
 *     accepting  ->  public key, padding
 *     dialling   ->  mark of the secret, mark of the torrent, then encrypted: check bytes, offered methods,
 *                    length of padding, padding, length of first payload, first payload
 *     accepting  ->  encrypted: check bytes, chosen method, length of padding, padding
 *
 * From then on both send payload by the method that was chosen. Lengths are two bytes, sets of methods
 * four bytes, most significant first.
 *
 * @module
 */
import { PeerError } from "../../base/errors.ts";
import type { Encryption } from "../encryption.ts";
import { type Opening, type Transport, writeAll } from "../transport.ts";
import { CipherTransport } from "./cipher_transport.ts";
import { type KeyPair, type RandomBytes, secureRandom } from "./keys.ts";
import type { Inlet } from "./inlet.ts";
import type { Rc4 } from "./rc4.ts";

/** What hides the payload: nothing, or RC4; a bit each. */
export const METHOD = Object.freeze({ plainText: 1, rc4: 2 });

/** A set of methods: bits of METHOD. */
export type Methods = number;

/** Eight zeros, which show that the other side has the same key. */
export const CHECK_LENGTH = 8;

/** The most padding that may come before or after anything, in bytes. */
export const MAX_PADDING = 512;

/** The length of a set of methods, in bytes. */
export const METHODS_LENGTH = 4;

/** The length of a length, in bytes. */
export const LENGTH_LENGTH = 2;

/** The most that may come with the handshake as first payload, in bytes: a few messages. */
export const MAX_FIRST_PAYLOAD = 16 * 1024;

/** What either side needs. */
export interface ExchangeOptions {
  /** Of the torrent: the secret that both know beforehand. */
  readonly infoHash: Uint8Array;
  /** Whether plain text will do, once the handshake has got through; "off" does not come here. */
  readonly encryption: Encryption;
  /** @default the platform's */
  readonly random?: RandomBytes;
}

/** The methods that will do. */
export function methodsOf(encryption: Encryption): Methods {
  return encryption === "require" ? METHOD.rc4 : METHOD.plainText | METHOD.rc4;
}

/** The two key streams, from our side. */
export interface Ciphers {
  readonly incoming: Rc4;
  readonly outgoing: Rc4;
}

/** Sends our public key, and padding of any length, so that its length tells nothing. */
export async function sendKey(
  transport: Transport,
  { publicKey }: KeyPair,
  random: RandomBytes = secureRandom,
): Promise<void> {
  const [high = 0, low = 0] = random(LENGTH_LENGTH);
  const padding = random(((high << 8) | low) % (MAX_PADDING + 1));
  await writeAll(transport, Uint8Array.from([...publicKey, ...padding]));
}

/** Takes a set of methods. */
export async function takeMethods(inlet: Inlet, cipher: Rc4): Promise<Methods> {
  return viewOf(await takeDecrypted(inlet, cipher, METHODS_LENGTH)).getUint32(0);
}

/** Takes padding with its length before it. @throws {PeerError} "handshake", when it is too long */
export async function takePadding(inlet: Inlet, cipher: Rc4): Promise<void> {
  await takeDecrypted(inlet, cipher, await takeLength(inlet, cipher, MAX_PADDING));
}

/** Takes a length. @throws {PeerError} "handshake", when it is above `max` */
export async function takeLength(inlet: Inlet, cipher: Rc4, max: number): Promise<number> {
  const length = viewOf(await takeDecrypted(inlet, cipher, LENGTH_LENGTH)).getUint16(0);
  if (length <= max) return length;
  throw refusal(`the peer announces ${length} bytes where ${max} are allowed`);
}

/** Takes bytes and decrypts them in place; valid until the inlet's next call. */
export async function takeDecrypted(
  inlet: Inlet,
  cipher: Rc4,
  lengthBytes: number,
): Promise<Uint8Array> {
  const bytes = await inlet.take(lengthBytes);
  cipher.apply(bytes);
  return bytes;
}

/** What goes on after the handshake, by the chosen method. */
export function openingOf(
  transport: Transport,
  parts: {
    readonly method: Methods;
    readonly ciphers: Ciphers;
    /** Payload that came within the handshake, decrypted. */
    readonly firstPayload: Uint8Array;
    /** What came after it, as it was sent; decrypted in place. */
    readonly rest: Uint8Array;
  },
): Opening {
  const { method, ciphers, firstPayload, rest } = parts;
  const isEncrypted = method === METHOD.rc4;
  if (isEncrypted) ciphers.incoming.apply(rest);
  return {
    transport: isEncrypted ? new CipherTransport(transport, ciphers) : transport,
    received: Uint8Array.from([...firstPayload, ...rest]),
  };
}

/** The end of a handshake that comes to nothing. */
export function refusal(why: string): PeerError {
  return new PeerError(`Cannot agree on encryption: ${why}`, "handshake");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
