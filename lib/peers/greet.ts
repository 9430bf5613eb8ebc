/**
 * The exchange of handshakes on a fresh connection (BEP 3), which makes a Wire of it.
 *
 * @module
 */
import { PeerError } from "../base/errors.ts";
import type { PeerId } from "../base/identity.ts";
import {
  checkHandshakePrefix,
  decodeHandshake,
  encodeHandshake,
  type Handshake,
  HANDSHAKE_LENGTH,
} from "./handshake.ts";
import type { ReadBuffers } from "./read_buffers.ts";
import type { Transport } from "./transport.ts";
import { Wire } from "./wire.ts";

/** Read at once with the handshake: many peers send their bitfield in the same packet. */
const FIRST_READ_BYTES = 4 * 1024;

/** Who we are, and for which torrent. */
export interface GreetOptions {
  readonly infoHash: Uint8Array;
  readonly peerId: PeerId;
  readonly bitfieldLength: number;
  readonly buffers: ReadBuffers;
  readonly isIncoming: boolean;
  /** Ends the exchange; it carries the time limit. */
  readonly signal: AbortSignal;
}

/**
 * Exchanges handshakes. The side that dialled speaks first; the other answers only to our torrent.
 * The Wire owns the transport; when this throws, the transport is disposed.
 *
 * @throws {PeerError} "handshake" or "closed"; the signal's reason when it aborts
 */
export async function greet(transport: Transport, options: GreetOptions): Promise<Wire> {
  const { signal } = options;
  const dispose = () => transport[Symbol.dispose]();
  signal.addEventListener("abort", dispose, { once: true });
  try {
    signal.throwIfAborted();
    if (!options.isIncoming) await writeAll(transport, encodeHandshake(options));
    const { handshake, leftover } = await readHandshake(transport);
    if (handshake.infoHash.toHex() !== options.infoHash.toHex()) {
      throw new PeerError(
        `Peer speaks another torrent: ${handshake.infoHash.toHex()}`,
        "handshake",
      );
    }
    if (options.isIncoming) await writeAll(transport, encodeHandshake(options));
    const { bitfieldLength, isIncoming, buffers } = options;
    return new Wire(transport, { handshake, isIncoming, leftover, bitfieldLength, buffers });
  } catch (error) {
    dispose();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", dispose);
  }
}

async function readHandshake(
  transport: Transport,
): Promise<{ handshake: Handshake; leftover: Uint8Array }> {
  const buffer = new Uint8Array(FIRST_READ_BYTES);
  let filled = 0;
  while (filled < HANDSHAKE_LENGTH) {
    const lengthBytes = await transport.read(buffer.subarray(filled));
    if (lengthBytes === null) throw new PeerError("Peer closed before its handshake", "closed");
    filled += lengthBytes;
    checkHandshakePrefix(buffer.subarray(0, filled));
  }
  return {
    handshake: decodeHandshake(buffer.subarray(0, HANDSHAKE_LENGTH)),
    leftover: buffer.subarray(HANDSHAKE_LENGTH, filled),
  };
}

async function writeAll(transport: Transport, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await transport.write(rest));
}
