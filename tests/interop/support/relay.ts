/**
 * A relay in front of a seeder on loopback: it sees who connects, counts what passes, and can slow it.
 *
 * @module
 */
import { delay } from "../../../lib/base/async.ts";
import { LOOPBACK } from "./loopback.ts";

/** What to relay, and how fast. */
export interface RelayOptions {
  /** The port of the seeder on loopback. */
  readonly targetPort: number;
  /** From the seeder to the client, for each connection; unlimited when absent. */
  readonly bytesPerSecond?: number;
  /** Shown all that passes, in either direction. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/** A running relay; its disposal ends it and its connections. */
export class Relay implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #options: RelayOptions;
  readonly #ending = new AbortController();
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #accepting: Promise<void>;
  readonly #serving = new Set<Promise<void>>();
  readonly #hosts = new Set<string>();
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #deliveredBytes = 0;

  /** Listens on a free port of loopback. */
  constructor(options: RelayOptions) {
    this.#options = options;
    this.#listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** The hosts that connected, each once. */
  get hosts(): readonly string[] {
    return [...this.#hosts];
  }

  /** Bytes passed from the seeder to clients, over all connections. */
  get deliveredBytes(): number {
    return this.#deliveredBytes;
  }

  /** Resolves once `moreBytes` bytes beyond those of now have passed to clients. */
  untilDelivered(moreBytes: number): Promise<void> {
    const goal = this.#deliveredBytes + moreBytes;
    const waiting = this.#waiting.get(goal) ?? Promise.withResolvers<void>();
    this.#waiting.set(goal, waiting);
    return waiting.promise;
  }

  /** Resolves once the connections of now have ended. */
  async untilFree(): Promise<void> {
    await Promise.all(this.#serving);
  }

  /** Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#listener[Symbol.dispose]();
    for (const connection of this.#connections) connection[Symbol.dispose]();
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#hosts.add(connection.remoteAddr.hostname);
      const serving = this.#serve(connection).finally(() => this.#serving.delete(serving));
      this.#serving.add(serving);
    }
    await this.untilFree();
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    this.#connections.add(client);
    const seeder = await Deno.connect({ hostname: LOOPBACK, port: this.#options.targetPort });
    this.#connections.add(seeder);
    // Either side may break off at any time; an end or an error of one ends the other.
    await Promise.allSettled([
      seeder.readable.pipeThrough(this.#meter()).pipeTo(client.writable),
      client.readable.pipeThrough(this.#watch()).pipeTo(seeder.writable),
    ]);
    for (const connection of [client, seeder]) {
      connection[Symbol.dispose]();
      this.#connections.delete(connection);
    }
  }

  #watch(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    return new TransformStream({
      transform: (bytes, controller) => {
        this.#options.onBytes?.(bytes);
        controller.enqueue(bytes);
      },
    });
  }

  #meter(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    const { bytesPerSecond = Infinity } = this.#options;
    const start = performance.now();
    let passedBytes = 0;
    return new TransformStream({
      transform: async (bytes, controller) => {
        passedBytes += bytes.length;
        const earlyMs = start + 1000 * passedBytes / bytesPerSecond - performance.now();
        if (earlyMs > 0) await delay(earlyMs, { signal: this.#ending.signal });
        this.#options.onBytes?.(bytes);
        controller.enqueue(bytes);
        this.#count(bytes.length);
      },
    });
  }

  #count(lengthBytes: number): void {
    this.#deliveredBytes += lengthBytes;
    for (const [goal, waiting] of this.#waiting) {
      if (goal > this.#deliveredBytes) continue;
      waiting.resolve();
      this.#waiting.delete(goal);
    }
  }
}
