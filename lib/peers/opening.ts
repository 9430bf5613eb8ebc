/**
 * How a connection begins: with a plain handshake (BEP 3), or with Message Stream Encryption around it.
 * The encryption is loaded when the first connection needs it.
 *
 * @module
 */
import { PeerError } from "../base/errors.ts";
import type { Encryption } from "./encryption.ts";
import { checkHandshakePrefix, HANDSHAKE_PREFIX_LENGTH, isHandshakePrefix } from "./handshake.ts";
import { type Opening, type Transport, writeAll } from "./transport.ts";

/** Read at once with the first bytes: a handshake and a message or two. Many say nothing at all. */
const FIRST_READ_BYTES = 512;

/** Who opens, and for which torrent. */
export interface OpenOptions {
  readonly infoHash: Uint8Array;
  readonly encryption: Encryption;
}

/**
 * Begins a connection that we dialled by sending our handshake.
 *
 * @param manner whether it is sent as it is
 * @throws {PeerError} "handshake" or "closed"
 */
export async function openDialled(
  transport: Transport,
  handshake: Uint8Array<ArrayBuffer>,
  { manner, ...options }: OpenOptions & { readonly manner: "plain" | "encrypted" },
): Promise<Opening> {
  if (manner === "plain") {
    await writeAll(transport, handshake);
    return { transport, received: new Uint8Array() };
  }
  const { initiateEncrypted } = await import("./mse/initiate.ts");
  return await initiateEncrypted(transport, { ...options, firstPayload: handshake });
}

/**
 * Begins a connection that was accepted: its first bytes tell which way.
 *
 * @throws {PeerError} "handshake" or "closed"
 */
export async function openAccepted(transport: Transport, options: OpenOptions): Promise<Opening> {
  const received = await readFirst(transport);
  const isPlain = isHandshakePrefix(received);
  if (isPlain && options.encryption === "require") {
    throw new PeerError("Peer does not encrypt", "handshake");
  }
  if (options.encryption === "off") checkHandshakePrefix(received);
  if (isPlain) return { transport, received };
  const { acceptEncrypted } = await import("./mse/accept.ts");
  return await acceptEncrypted(transport, { ...options, received });
}

/** Reads until the bytes are the start of a handshake, or are not. */
async function readFirst(transport: Transport): Promise<Uint8Array> {
  const buffer = new Uint8Array(FIRST_READ_BYTES);
  for (let filled = 0;;) {
    const lengthBytes = await transport.read(buffer.subarray(filled));
    if (lengthBytes === null) throw new PeerError("Peer closed before its handshake", "closed");
    filled += lengthBytes;
    const received = buffer.subarray(0, filled);
    if (filled >= HANDSHAKE_PREFIX_LENGTH || !isHandshakePrefix(received)) return received;
  }
}
