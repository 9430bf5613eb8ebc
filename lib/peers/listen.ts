/**
 * Where peers can dial us.
 *
 * @module
 */

/** The range for ports that nobody chose: dynamic and private ones (RFC 6335). */
const FIRST_PORT = 49_152;
const PORT_COUNT = 65_536 - FIRST_PORT;

/** How many random ports are tried. */
const MAX_TRIES = 32;

/** Where to listen. */
export interface ListenOptions {
  /** @default a random free one of 49152 to 65535 */
  readonly port?: number | undefined;
  /** The one local address to listen on. @default all, IPv6 and IPv4 */
  readonly bind?: string | undefined;
}

/**
 * Listens for peers.
 *
 * @throws {Error} naming the address or the port that was asked for, when it cannot be had
 */
export function listen(options: ListenOptions): Deno.TcpListener {
  try {
    return listenSomewhere(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : `${cause}`;
    throw new Error(`Cannot listen on ${placeOf(options)}: ${reason}`, { cause });
  }
}

function placeOf({ bind, port }: ListenOptions): string {
  const address = bind === undefined ? [] : [`"${bind}"`];
  return [...address, port === undefined ? "any port" : `port ${port}`].join(", ");
}

function listenSomewhere({ port, bind }: ListenOptions): Deno.TcpListener {
  if (port !== undefined) return listenOn(port, bind);
  for (let tries = 1;; tries++) {
    try {
      return listenOn(FIRST_PORT + Math.floor(Math.random() * PORT_COUNT), bind);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || tries === MAX_TRIES) throw error;
    }
  }
}

function listenOn(port: number, bind: string | undefined): Deno.TcpListener {
  if (bind !== undefined) return Deno.listen({ hostname: bind, port });
  try {
    // "::" takes IPv4 as well.
    return Deno.listen({ hostname: "::", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    // A system without IPv6.
    return Deno.listen({ hostname: "0.0.0.0", port });
  }
}
