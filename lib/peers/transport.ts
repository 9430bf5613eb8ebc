/**
 * A byte stream to a peer: what a Wire stands on. Deno's own TCP normally; node:net where the local
 * address matters, since Deno.connect() has none to choose.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { PeerAddress } from "../base/address.ts";
import { canonicalHost } from "../base/address.ts";

/** An open two-way byte stream. One read and one write at a time; disposing it wakes both. */
export interface Transport extends Disposable {
  readonly remote: PeerAddress;
  /** Whether a read waits for a limit of ours, and not for the peer. @default false */
  readonly isHeldUp?: boolean;
  /** Reads at most `into.length` bytes; null at the end of the stream. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes and says how many. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<number>;
}

/** A stream that has been opened as far as handshakes are concerned with its encryption. */
export interface Opening {
  /** What goes on from here; it owns the connection. */
  readonly transport: Transport;
  /** What has been read of it already. */
  readonly received: Uint8Array;
}

/** Writes all of the bytes. */
export async function writeAll(
  transport: Transport,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await transport.write(rest));
}

/** How to dial. */
export interface DialOptions {
  readonly signal: AbortSignal;
  /** The local address to dial from; without it the system chooses. */
  readonly bind?: string;
}

/** Opens a TCP connection, with Nagle's algorithm off: requests are small and must not wait. */
export async function dial(address: PeerAddress, options: DialOptions): Promise<Transport> {
  if (options.bind !== undefined) return await dialFrom(options.bind, address, options.signal);
  const { host: hostname, port } = address;
  return overDeno(await Deno.connect({ hostname, port, signal: options.signal }), address);
}

/**
 * A transport over a connection that Deno dialled or accepted; it owns the connection.
 *
 * @throws the system's error, the connection closed
 */
export function overDeno(connection: Deno.TcpConn, remote?: PeerAddress): Transport {
  try {
    connection.setNoDelay();
  } catch (error) {
    // Some systems refuse it where the peer has hung up already.
    connection[Symbol.dispose]();
    throw error;
  }
  const { hostname, port } = connection.remoteAddr;
  return {
    remote: remote ?? { host: canonicalHost(hostname), port },
    read: (into) => connection.read(into),
    write: (bytes) => connection.write(bytes),
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

async function dialFrom(
  bind: string,
  address: PeerAddress,
  signal: AbortSignal,
): Promise<Transport> {
  // Loaded here, for most runs never get here.
  const net = await import("node:net");
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Transport>();
  const { host, port } = address;
  const socket = net.connect({ host, port, localAddress: bind, noDelay: true });
  const abort = () => {
    // Not by way of the socket: it tells nobody of a reason that is null.
    reject(signal.reason);
    socket.destroy();
  };
  signal.addEventListener("abort", abort, { once: true });
  socket.once("error", reject);
  socket.once("connect", () => {
    socket.off("error", reject);
    resolve(new NodeTransport(socket, address));
  });
  return await promise.finally(() => signal.removeEventListener("abort", abort));
}

/** A node:net socket, read by pulling: it is paused while what it gave has not been taken. */
class NodeTransport implements Transport {
  readonly remote: PeerAddress;
  readonly #socket: Socket;
  #pending: Uint8Array | undefined;
  #error: Error | undefined;
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Socket, remote: PeerAddress) {
    this.#socket = socket;
    this.remote = remote;
    socket.pause();
    socket.on("data", (bytes: Uint8Array) => {
      socket.pause();
      this.#pending = bytes;
      this.#wake();
    });
    socket.on("error", (error: Error) => this.#end(error));
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#end());
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#pending === undefined) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return null;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#socket.resume();
      await promise;
    }
    const taken = this.#pending.subarray(0, into.length);
    into.set(taken);
    const rest = this.#pending.subarray(taken.length);
    this.#pending = rest.length > 0 ? rest : undefined;
    return taken.length;
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
    this.#end();
  }

  #end(error?: Error): void {
    this.#error ??= error;
    this.#ended = true;
    this.#wake();
  }
}
