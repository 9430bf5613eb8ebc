/**
 * The one UDP port of this process, shared by whoever speaks UDP: one owner opens and disposes it, the
 * others are handed it and subscribe.
 *
 * `node:dgram`, for Deno.listenDatagram() needs a flag that is not ours to set when we are a library.
 *
 * @module
 */
import type { Socket } from "node:dgram";
import { canonicalHost, type PeerAddress } from "./address.ts";
import { errorCode } from "./errors.ts";
import { isIPv6 } from "./ip.ts";

/** A packet that arrived. */
export interface Datagram {
  /** One packet, whole; a buffer of its own. */
  readonly bytes: Uint8Array;
  /** Who sent it, as the packet claims. */
  readonly from: PeerAddress;
}

/** Looks at a packet; true when it was meant for this subscriber, and nobody else is asked. */
export type DatagramHandler = (datagram: Datagram) => boolean;

/** Where a UdpSocket listens. */
export interface UdpSocketOptions {
  /** The local address, an IP literal; everything else is then refused. Without it, all of both families. */
  readonly bind?: string | undefined;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
}

type Family = "udp4" | "udp6";

/**
 * Sends and receives packets over IPv4 and IPv6. Nothing is opened before the first use. Packets may be
 * lost: only failures of our own side throw.
 */
export class UdpSocket implements AsyncDisposable {
  readonly #bind: string | undefined;
  readonly #sockets = new Map<Family, Promise<Socket>>();
  readonly #handlers = new Set<DatagramHandler>();
  /** 0 where the system chooses. */
  readonly #wantedPort: number;
  #port: number;
  #isDisposed = false;

  /** Opens nothing yet. */
  constructor(options: UdpSocketOptions = {}) {
    this.#bind = options.bind;
    this.#port = this.#wantedPort = options.port ?? 0;
  }

  /** Whether an address of this family ("203.0.113.1", "2001:db8::1") can be sent to from here. */
  canReach(host: string): boolean {
    return this.#bind === undefined || isIPv6(this.#bind) === isIPv6(host);
  }

  /** Opens the socket, if it is not yet, and gives its port. @throws the system's error */
  async listen(): Promise<number> {
    const family = this.#bind !== undefined && isIPv6(this.#bind) ? "udp6" : "udp4";
    return (await this.#open(family)).address().port;
  }

  /**
   * Sends one packet. `to.host` is an IP literal.
   *
   * @throws the system's error, or a RangeError when `bind` is of the other family
   */
  async send(bytes: Uint8Array, to: PeerAddress): Promise<void> {
    if (!this.canReach(to.host)) {
      throw new RangeError(`Cannot send to "${to.host}" from "${this.#bind}"`);
    }
    const socket = await this.#open(isIPv6(to.host) ? "udp6" : "udp4");
    await new Promise<void>((resolve, reject) => {
      socket.send(bytes, to.port, to.host, (error) => error ? reject(error) : resolve());
    });
  }

  /** Shows every packet to `handler` until what it returns is disposed. Handlers must not throw. */
  subscribe(handler: DatagramHandler): Disposable {
    this.#handlers.add(handler);
    return { [Symbol.dispose]: () => void this.#handlers.delete(handler) };
  }

  #open(family: Family): Promise<Socket> {
    if (this.#isDisposed) throw new TypeError("Cannot use a UDP socket that was disposed");
    const known = this.#sockets.get(family);
    if (known !== undefined) return known;
    const opening = this.#bindAnywhere(family);
    this.#sockets.set(family, opening);
    opening.catch(() => this.#sockets.delete(family)); // the next use tries again
    return opening;
  }

  /** At the port of the other family, if it can be had: what the system chose for one may be somebody's in the other. */
  async #bindAnywhere(family: Family): Promise<Socket> {
    try {
      return await this.#bindSocket(family, this.#port);
    } catch (error) {
      if (this.#port === this.#wantedPort || errorCode(error) !== "EADDRINUSE") throw error;
      return await this.#bindSocket(family, 0);
    }
  }

  async #bindSocket(family: Family, port: number): Promise<Socket> {
    // Loaded here, for most runs never get here.
    const { createSocket } = await import("node:dgram");
    // ipv6Only: or the IPv6 socket would take the IPv4 port as well, and the other could not have it.
    const socket = createSocket({ type: family, ipv6Only: family === "udp6" });
    socket.on("message", (bytes, from) => this.#dispatch({ bytes, from: toAddress(from) }));
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind({ port, address: this.#bind ?? anyAddress(family) }, resolve);
      });
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.removeAllListeners("error");
    socket.on("error", () => {}); // one packet that could not be read or sent: as good as lost
    this.#port ||= socket.address().port; // the same for both families
    return socket;
  }

  #dispatch(datagram: Datagram): void {
    for (const handler of this.#handlers) if (handler(datagram)) return;
  }

  /** Closes what was opened; no handler is called any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#handlers.clear();
    for (const opening of await Promise.allSettled(this.#sockets.values())) {
      if (opening.status === "fulfilled") await closeSocket(opening.value);
    }
    this.#sockets.clear();
  }
}

function anyAddress(family: Family): string {
  return family === "udp4" ? "0.0.0.0" : "::";
}

function toAddress(from: { readonly address: string; readonly port: number }): PeerAddress {
  return { host: canonicalHost(from.address), port: from.port };
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
