/**
 * Free ports and temporary folders for one test.
 *
 * @module
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";

/** The host that everything here listens on. */
export const LOOPBACK = "127.0.0.1";

/** A port that nobody uses at the moment, over TCP and UDP; asking again gives another one. */
export async function freePort(): Promise<number> {
  for (;;) {
    using listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
    if (await isFreeUdpPort(listener.addr.port)) return listener.addr.port;
  }
}

/** Whether somebody accepts TCP connections on this port. */
export async function isListening(port: number): Promise<boolean> {
  try {
    using _connection = await Deno.connect({ hostname: LOOPBACK, port });
    return true;
  } catch {
    // Refused: not yet.
    return false;
  }
}

async function isFreeUdpPort(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  try {
    const bound = once(socket, "listening");
    socket.bind(port, LOOPBACK);
    await bound;
    return true;
  } catch {
    // In use: another port will do.
    return false;
  } finally {
    socket.close();
  }
}

/** A folder that its disposal removes. */
export class TemporaryFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<TemporaryFolder> {
    return new TemporaryFolder(await Deno.makeTempDir({ prefix: "westorrent-interop-" }));
  }

  /** The path of `name` inside. */
  join(...names: readonly string[]): string {
    return [this.path, ...names].join("/");
  }

  /** Makes a folder inside and returns its path. */
  async folder(...names: readonly string[]): Promise<string> {
    const path = this.join(...names);
    await Deno.mkdir(path, { recursive: true });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
