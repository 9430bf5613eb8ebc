/**
 * The second stage of the pipeline: addresses to handshaken Wires, dialled and accepted, within bounds.
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";
import { Channel, delay, untilAborted } from "../base/async.ts";
import { TimeLimit } from "../base/clock.ts";
import { isDescriptorShortage, PeerError } from "../base/errors.ts";
import type { PeerId } from "../base/identity.ts";
import { DialPace } from "./dial_pace.ts";
import type { Encryption } from "./encryption.ts";
import { asPeerError, isHangUp, outcomeOf } from "./failure.ts";
import { type Direction, greet } from "./greet.ts";
import type { PeerBook } from "./peer_book.ts";
import type { ReadBuffers } from "./read_buffers.ts";
import type { RateLimits, Throttle } from "./throttle.ts";
import { dial, overDeno, type Transport } from "./transport.ts";
import { Ungreeted } from "./ungreeted.ts";
import type { Wire } from "./wire.ts";

/** How long dialling may take. */
const DIAL_TIMEOUT_MS = 15_000;

/** How long a peer may take over its handshake once connected: a silent one costs a descriptor. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** How many dials may be under way at once. */
const MAX_DIALING = 30;

/** How long accepting rests when there is no descriptor left. */
const ACCEPT_REST_MS = 100;

/**
 * The connections there are, and who may join them: the swarm.
 *
 * @internal
 */
export interface Gate {
  /** How many are connected. */
  readonly size: number;
  /** Whether a peer that has dialled us, and can be dialled there, is connected; the book knows the others. */
  isConnectedTo(address: PeerAddress): boolean;
  /** How many more connections are allowed. */
  readonly room: number;
  /** Takes a new wire's claim to a place. @throws {PeerError} self, duplicate, banned or surplus */
  admit(wire: Wire): void;
  /** No descriptor was left: for a while there may be fewer connections than there are now. */
  lowerLimit(): void;
  /** Called by the swarm when a place is free again. */
  onRoom: () => void;
  /** Where connections get their read buffers. */
  readonly buffers: ReadBuffers;
  /** Whether somebody may still come who is known to nobody: then connect() does not end by itself. */
  readonly isPatient: boolean;
}

/** What connect() needs. */
export interface ConnectOptions {
  /** 20 bytes; a peer with another one is closed. */
  readonly infoHash: Uint8Array;
  /** Ours. */
  readonly peerId: PeerId;
  /** In bytes: a bitfield message of another length ends its peer. */
  readonly bitfieldLength: number;
  /** Whom to dial and when; told how each attempt ended. */
  readonly book: PeerBook;
  /** The swarm, which owns the wires from admit() on. */
  readonly gate: Gate;
  /** Addresses that connected peers tell of: where nobody is connected, none are waited for. */
  readonly tips?: AsyncIterable<readonly PeerAddress[]> | undefined;
  /** Accepted connections come from here; connect() owns it from then on. */
  readonly listener?: Deno.TcpListener | undefined;
  /** The local address to dial from. */
  readonly bind?: string;
  /** Which connections are encrypted. */
  readonly encryption: Encryption;
  /** Of all connections together. @default none */
  readonly limits?: RateLimits | undefined;
  /** Ends dialling and accepting; wires that were yielded stay open. */
  readonly signal: AbortSignal;
  /** Told why a dial or handshake came to nothing. */
  readonly onFailure?: (address: PeerAddress, error: PeerError) => void;
}

/**
 * Yields every connection that completes its handshake. Ends by itself when the addresses have ended,
 * nobody is connected, and nobody known may still answer.
 *
 * @throws what `addresses` throws; the signal's reason, when it was aborted before
 */
export async function* connect(
  addresses: AsyncIterable<readonly PeerAddress[]>,
  options: ConnectOptions,
): AsyncGenerator<Wire, void, undefined> {
  options.signal.throwIfAborted();
  await using connector = new Connector(options);
  connector.follow(addresses);
  yield* connector.all();
}

class Connector implements AsyncDisposable {
  readonly wires = new Channel<Wire>();
  readonly #options: ConnectOptions;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #tasks = new Set<Promise<void>>();
  readonly #ungreeted = new Ungreeted();
  readonly #pace = new DialPace();
  #dialing = 0;
  #addressesEnded = false;
  #failure: { readonly error: unknown } | undefined;
  /** Loaded when there is something to limit. */
  #throttle: Promise<Throttle> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#abort.signal]);
    this.#signal.addEventListener("abort", () => this.wires.close(), { once: true });
    options.gate.onRoom = () => this.#pump();
    if (options.tips !== undefined) this.#spawn(this.#take(options.tips));
    if (options.listener !== undefined) this.#spawn(this.#accept(options.listener));
  }

  /** The connections; those that nobody takes stay ours, to be closed. @throws what the addresses throw */
  async *all(): AsyncGenerator<Wire, void, undefined> {
    for (let next = await this.wires.next(); !next.done; next = await this.wires.next()) {
      yield next.value;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Dials the addresses as they come. */
  follow(addresses: AsyncIterable<readonly PeerAddress[]>): void {
    this.#spawn(this.#follow(addresses));
  }

  async #follow(addresses: AsyncIterable<readonly PeerAddress[]>): Promise<void> {
    await this.#take(addresses);
    this.#addressesEnded = true;
    this.#pump();
  }

  async #take(addresses: AsyncIterable<readonly PeerAddress[]>): Promise<void> {
    const iterator = addresses[Symbol.asyncIterator]();
    try {
      for (;;) {
        // Only the owner of the addresses can end a pending next(): we stop waiting for it instead.
        const { done, value } = await untilAborted(iterator.next(), this.#signal);
        if (done) break;
        this.#options.book.add(value);
        this.#pump();
      }
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#failure = { error };
      this.wires.close();
    }
  }

  /** Starts as many dials as are allowed and due; called whenever either may have changed. */
  #pump(): void {
    const { book, gate } = this.#options;
    if (this.#signal.aborted) return;
    const nowMs = performance.now();
    while (this.#mayDial && this.#pace.dueAtMs(nowMs) <= nowMs) {
      const address = book.take(nowMs, gate.room - this.#dialing);
      if (address === undefined) break;
      if (gate.isConnectedTo(address)) book.settle(address, "ours", nowMs);
      else if (this.#pace.take(nowMs)) this.#spawn(this.#dial(address));
    }
    this.#armTimer(nowMs);
    if (!this.#addressesEnded || book.hasHope || gate.isPatient) return;
    if (gate.size === 0) this.wires.close();
  }

  get #mayDial(): boolean {
    return this.#dialing < MAX_DIALING && this.#options.gate.room > 0;
  }

  #armTimer(nowMs: number): void {
    clearTimeout(this.#timer);
    const bookDueAtMs = this.#options.book.nextDueAtMs();
    if (bookDueAtMs === undefined || !this.#mayDial) return;
    const dueAtMs = Math.max(bookDueAtMs, this.#pace.dueAtMs(nowMs));
    this.#timer = setTimeout(() => this.#pump(), Math.max(dueAtMs - nowMs, 0) + 1);
  }

  async #dial(address: PeerAddress): Promise<void> {
    this.#dialing++;
    try {
      await this.#dialInTurn(address);
    } catch (error) {
      if (!this.#signal.aborted) this.#failed(address, error);
    } finally {
      this.#dialing--;
      this.#pump();
    }
  }

  /** Plain first, where it may be: that costs neither side anything. */
  async #dialInTurn(address: PeerAddress): Promise<void> {
    const { encryption } = this.#options;
    if (encryption === "require") return await this.#dialOnce(address, "encrypted");
    try {
      await this.#dialOnce(address, "plain");
    } catch (error) {
      // Whoever takes no plain connection hangs up, and so does who looks at the line. It is one dial more.
      if (encryption === "off" || !isHangUp(error) || !this.#pace.take(performance.now())) {
        throw error;
      }
      await this.#dialOnce(address, "encrypted");
    }
  }

  async #dialOnce(address: PeerAddress, manner: "plain" | "encrypted"): Promise<void> {
    const { bind } = this.#options;
    using limit = new TimeLimit(DIAL_TIMEOUT_MS, this.#signal);
    const dialOptions = { signal: limit.signal, ...(bind === undefined ? {} : { bind }) };
    await this.#greet(await dial(address, dialOptions), manner);
  }

  async #greet(transport: Transport, direction: Direction): Promise<void> {
    const { gate, ...options } = this.#options;
    using limit = new TimeLimit(HANDSHAKE_TIMEOUT_MS, this.#signal);
    const { signal } = limit;
    const { buffers } = gate;
    const throttle = await this.#loadThrottle();
    const wire = await greet(transport, { ...options, buffers, direction, throttle, signal });
    try {
      gate.admit(wire);
    } catch (error) {
      wire[Symbol.dispose]();
      throw error;
    }
    if (!this.wires.push(wire)) wire[Symbol.dispose]();
  }

  #loadThrottle(): Promise<Throttle> | undefined {
    const { limits } = this.#options;
    if (limits === undefined) return undefined;
    this.#throttle ??= import("./throttle.ts").then(({ Throttle }) => new Throttle(limits));
    return this.#throttle;
  }

  #failed(address: PeerAddress, error: unknown): void {
    const { book, gate, onFailure } = this.#options;
    if (isDescriptorShortage(error)) gate.lowerLimit();
    book.settle(address, outcomeOf(error), performance.now());
    onFailure?.(address, asPeerError(error));
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    using _ = listener;
    this.#signal.addEventListener("abort", () => listener[Symbol.dispose](), { once: true });
    while (!this.#signal.aborted) {
      try {
        this.#welcome(await listener.accept());
      } catch (error) {
        // Closing the listener ends accept() with an error; so does a shortage, which passes.
        if (this.#signal.aborted || error instanceof Deno.errors.BadResource) return;
        // Whoever has said nothing yet is of less use than whoever has.
        const isShort = isDescriptorShortage(error) && !this.#ungreeted.closeHalf();
        if (isShort) this.#options.gate.lowerLimit();
        await delay(ACCEPT_REST_MS, { signal: this.#signal }).catch(() => {});
      }
    }
  }

  #welcome(connection: Deno.TcpConn): void {
    const transport = overDeno(connection);
    this.#ungreeted.add(transport);
    const done = this.#greet(transport, "accepted").catch((error: unknown) => {
      if (!this.#signal.aborted) this.#options.onFailure?.(transport.remote, asPeerError(error));
    }).finally(() => this.#ungreeted.delete(transport));
    this.#spawn(done);
  }

  #spawn(task: Promise<void>): void {
    this.#tasks.add(task);
    task.finally(() => this.#tasks.delete(task));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#options.gate.onRoom = () => {};
    this.#abort.abort(new DOMException("Connecting has ended", "AbortError"));
    await Promise.allSettled(this.#tasks);
    for await (const wire of this.wires) wire[Symbol.dispose]();
  }
}
