/**
 * What both sides of Message Stream Encryption come to know and nobody who only listens does: a
 * Diffie-Hellman secret over 768 bits, and what is derived of it and of the info hash.
 *
 * @module
 */
import { PeerError } from "../../base/errors.ts";
import { sha1 } from "../../torrent/sha1.ts";
import { Rc4 } from "./rc4.ts";

/** The length of a public key and of the secret, in bytes. */
export const KEY_LENGTH = 96;

/** The prime that all count modulo. */
export const PRIME: bigint = BigInt(
  "0xffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd" +
    "ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563",
);
const GENERATOR = 2n;

/** The length of a private key, in bytes: 160 bits. */
const PRIVATE_KEY_LENGTH = 20;

/** What the key streams begin with is thrown away, for RC4 betrays its key there; in bytes. */
const DROPPED_BYTES = 1024;

/** Gives so many bytes that nobody can foretell. */
export type RandomBytes = (lengthBytes: number) => Uint8Array;

/** A key pair for one handshake. */
export interface KeyPair {
  readonly privateKey: bigint;
  /** KEY_LENGTH bytes, to be sent. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/** The platform's randomness, fit for keys. */
export function secureRandom(lengthBytes: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(lengthBytes));
}

/** A new key pair. */
export function makeKeyPair(random: RandomBytes): KeyPair {
  const privateKey = decodeNumber(random(PRIVATE_KEY_LENGTH));
  return { privateKey, publicKey: encodeNumber(powerOf(GENERATOR, privateKey)) };
}

/**
 * The secret that we share with whoever has the private key to `publicKey`: KEY_LENGTH bytes.
 *
 * @param publicKey the peer's KEY_LENGTH bytes
 * @throws {PeerError} "handshake", when it is one that would make everybody know the secret (0, 1, p - 1),
 *   or no number below p
 */
export function agree(privateKey: bigint, publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const theirs = decodeNumber(publicKey);
  if (theirs <= 1n || theirs >= PRIME - 1n) {
    throw new PeerError(
      "Cannot agree on encryption: the peer's public key is degenerate",
      "handshake",
    );
  }
  return encodeNumber(powerOf(theirs, privateKey));
}

/** The 20 bytes that show that the dialling side knows the secret. */
export function secretMark(secret: Uint8Array): Uint8Array {
  return hash("req1", secret);
}

/** The 20 bytes by which the dialling side names a torrent to whoever knows its info hash. */
export function torrentMark(secret: Uint8Array, infoHash: Uint8Array): Uint8Array {
  const mask = hash("req3", secret);
  return hash("req2", infoHash).map((byte, index) => byte ^ (mask[index] ?? 0));
}

/** The two key streams, ready for the first byte: of the dialling side, and of the other one. */
export function makeCiphers(
  secret: Uint8Array,
  infoHash: Uint8Array,
): { readonly dialling: Rc4; readonly accepting: Rc4 } {
  const [dialling, accepting] = [
    new Rc4(hash("keyA", secret, infoHash)),
    new Rc4(hash("keyB", secret, infoHash)),
  ];
  for (const cipher of [dialling, accepting]) cipher.skip(DROPPED_BYTES);
  return { dialling, accepting };
}

function hash(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha1(
    Uint8Array.from([new TextEncoder().encode(label), ...parts].flatMap((part) => [...part])),
  );
}

/** Powers modulo the prime, in 0.1 ms: node:crypto takes longer, and a hundred times that to load. */
function powerOf(base: bigint, exponent: bigint): bigint {
  let power = 1n;
  for (const bit of exponent.toString(2)) {
    power = power * power % PRIME;
    if (bit === "1") power = power * base % PRIME;
  }
  return power;
}

function decodeNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toHex()}`);
}

function encodeNumber(value: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(value.toString(16).padStart(2 * KEY_LENGTH, "0"));
}
