/**
 * The exchange of handshakes on a fresh connection (BEP 3), which makes a Wire of it.
 *
 * @module
 */
import { errorCode, PeerError } from "../base/errors.ts";
import type { PeerId } from "../base/identity.ts";
import {
  checkHandshakePrefix,
  decodeHandshake,
  encodeHandshake,
  type Handshake,
  HANDSHAKE_LENGTH,
} from "./handshake.ts";
import { openAccepted, openDialled, type OpenOptions } from "./opening.ts";
import type { ReadBuffers } from "./read_buffers.ts";
import type { Throttle } from "./throttle.ts";
import { type Opening, type Transport, writeAll } from "./transport.ts";
import { Wire } from "./wire.ts";

/** Room for a handshake and what comes with it, in bytes. */
const FIRST_READ_BYTES = 4 * 1024;

/** The system's words for a peer that hung up. */
const HANG_UPS: readonly unknown[] = ["ECONNRESET", "ECONNABORTED", "EPIPE"];

/** How a connection came to be; one that we dialled also in which manner we speak first. */
export type Direction = "accepted" | "plain" | "encrypted";

/** Who we are, and for which torrent. */
export interface GreetOptions extends OpenOptions {
  readonly peerId: PeerId;
  readonly bitfieldLength: number;
  readonly buffers: ReadBuffers;
  readonly direction: Direction;
  /** Puts what comes after the handshake under the limits of all connections. */
  readonly throttle?: Pick<Throttle, "limit"> | undefined;
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
    const opening = await open(transport, options);
    const { handshake, leftover } = await readHandshake(opening);
    if (handshake.infoHash.toHex() !== options.infoHash.toHex()) {
      // Which one is the secret of those who share it, when they encrypt.
      throw new PeerError("Peer speaks another torrent", "handshake");
    }
    const isIncoming = options.direction === "accepted";
    if (isIncoming) await writeAll(opening.transport, encodeHandshake(options));
    const { bitfieldLength, buffers, throttle } = options;
    const stream = throttle?.limit(opening.transport) ?? opening.transport;
    return new Wire(stream, {
      handshake,
      isIncoming,
      leftover,
      bitfieldLength,
      buffers,
    });
  } catch (error) {
    dispose();
    throw signal.aborted ? signal.reason : nameHangUp(error);
  } finally {
    signal.removeEventListener("abort", dispose);
  }
}

function open(transport: Transport, options: GreetOptions): Promise<Opening> {
  const { direction } = options;
  if (direction === "accepted") return openAccepted(transport, options);
  return openDialled(transport, encodeHandshake(options), { ...options, manner: direction });
}

async function readHandshake(
  { transport, received }: Opening,
): Promise<{ handshake: Handshake; leftover: Uint8Array }> {
  const buffer = new Uint8Array(Math.max(FIRST_READ_BYTES, received.length));
  buffer.set(received);
  let filled = received.length;
  checkHandshakePrefix(received);
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

/** Hanging up is an answer, too: the same whether the connection was ended or reset. */
function nameHangUp(cause: unknown): unknown {
  if (!HANG_UPS.includes(errorCode(cause))) return cause;
  return new PeerError("Peer closed before its handshake", "closed", { cause });
}
