/**
 * Announces to trackers over UDP (BEP 15, 41): a connection id first, then the announce with it.
 *
 * BEP 15 retries for over an hour; we send at 0 and 15 s and give up when the caller's time limit does,
 * for the next tracker is better than a dead one.
 *
 * @module
 */
import { untilAborted } from "../base/async.ts";
import { canonicalHost, formatAddress, type PeerAddress } from "../base/address.ts";
import { type Clock, SYSTEM_CLOCK } from "../base/clock.ts";
import { TrackerError } from "../base/errors.ts";
import { isAddressLiteral } from "../base/host.ts";
import { isIPv6 } from "../base/ip.ts";
import { printableReply } from "../base/text.ts";
import type { Datagram, UdpSocket } from "../base/udp_socket.ts";
import type { AnnounceReply, AnnounceRequest } from "./request.ts";
import {
  ACTION,
  decodeAnnounceReply,
  decodeConnectReply,
  decodeErrorReply,
  decodeReplyHeader,
  encodeAnnounce,
  encodeConnect,
} from "./udp_message.ts";
import { type Resolve, resolveHost, trackerFailure } from "./url.ts";

/** When a packet without an answer is sent once more, in milliseconds. */
export const RESEND_AFTER_MS = 15_000;
/** How long a connection id may be used, in milliseconds (BEP 15: one minute). */
export const CONNECTION_ID_LIFE_MS = 60_000;
const MAX_REASON_LENGTH = 300;

/** What announces over UDP stand on. */
export interface UdpAnnouncerOptions {
  /** The caller owns it. */
  readonly socket: UdpSocket;
  readonly clock?: Clock;
  readonly resolve?: Resolve;
}

interface Connection {
  readonly id: bigint;
  readonly openedMs: number;
}

/** The tracker's own refusal, action 3. */
class Refusal extends Error {}

/** Announces over one shared socket, and remembers connection ids while they may be used. */
export class UdpAnnouncer {
  readonly #socket: UdpSocket;
  readonly #clock: Clock;
  readonly #resolve: Resolve;
  readonly #connections = new Map<string, Connection>();

  constructor(options: UdpAnnouncerOptions) {
    this.#socket = options.socket;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#resolve = options.resolve ?? resolveHost;
  }

  /**
   * Announces once. A packet without an answer is sent again after RESEND_AFTER_MS; the signal ends it.
   *
   * @param tracker a URL that parseTrackerUrl() let pass
   * @throws {TrackerError} whatever the tracker or the network did; the signal's reason when it aborted
   */
  async announce(
    tracker: URL,
    request: AnnounceRequest,
    options: { readonly signal: AbortSignal },
  ): Promise<AnnounceReply> {
    const { signal } = options;
    try {
      const to = await this.#find(tracker, signal);
      const exchange = { to, urlData: tracker.pathname + tracker.search, signal };
      return await this.#announceTo(exchange, request);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TrackerError || !(error instanceof Error)) throw error;
      const reason = printableReply(error.message, tracker.href, MAX_REASON_LENGTH);
      throw trackerFailure(tracker.href, reason, { cause: error });
    }
  }

  async #announceTo(exchange: Exchange, request: AnnounceRequest): Promise<AnnounceReply> {
    const wasKnown = this.#known(exchange.to) !== undefined;
    try {
      return await this.#announceOnce(exchange, request);
    } catch (error) {
      // It may have forgotten the id before its time, by a restart say: worth a second try.
      if (!(error instanceof Refusal) || !wasKnown) throw error;
      this.#connections.delete(formatAddress(exchange.to));
      return await this.#announceOnce(exchange, request);
    }
  }

  async #announceOnce(exchange: Exchange, request: AnnounceRequest): Promise<AnnounceReply> {
    const { to, urlData } = exchange;
    const transactionId = randomId();
    const bytes = await this.#transact(exchange, {
      action: ACTION.announce,
      transactionId,
      packet: async (signal) => {
        // The id may expire before we send again.
        const connectionId = await this.#connect({ ...exchange, signal });
        return encodeAnnounce({ connectionId, transactionId, urlData }, request);
      },
    });
    return decodeAnnounceReply(bytes, isIPv6(to.host) ? "IPv6" : "IPv4");
  }

  #known(to: PeerAddress): Connection | undefined {
    const known = this.#connections.get(formatAddress(to));
    if (known === undefined) return undefined;
    return this.#clock.now() - known.openedMs < CONNECTION_ID_LIFE_MS ? known : undefined;
  }

  async #connect(exchange: Exchange): Promise<bigint> {
    const known = this.#known(exchange.to);
    if (known !== undefined) return known.id;
    const transactionId = randomId();
    const bytes = await this.#transact(exchange, {
      action: ACTION.connect,
      transactionId,
      packet: () => encodeConnect(transactionId),
    });
    const id = decodeConnectReply(bytes);
    const openedMs = this.#clock.now();
    this.#connections.set(formatAddress(exchange.to), { id, openedMs });
    return id;
  }

  /** Sends now, and again while nothing that answers it has come. @throws {Refusal} for action 3 */
  async #transact(exchange: Exchange, question: Question): Promise<Uint8Array> {
    const answer = Promise.withResolvers<Uint8Array>();
    using _subscription = this.#socket.subscribe((datagram) => {
      if (!isAnswer(datagram, exchange.to, question)) return false;
      if (decodeReplyHeader(datagram.bytes)?.action !== ACTION.error) {
        answer.resolve(datagram.bytes);
      } else answer.reject(new Refusal(`the tracker says: "${decodeErrorReply(datagram.bytes)}"`));
      return true;
    });
    const done = new AbortController();
    const signal = AbortSignal.any([exchange.signal, done.signal]);
    try {
      // Whichever fails first: sending for good, or the answer; the other ends in `finally`.
      return await Promise.race([answer.promise, this.#keepSending(exchange.to, question, signal)]);
    } finally {
      done.abort();
    }
  }

  /** Never resolves: ends by the signal, or when sending fails. */
  async #keepSending(to: PeerAddress, question: Question, signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#socket.send(await question.packet(signal), to);
      await this.#clock.delay(RESEND_AFTER_MS, { signal });
    }
  }

  /** The tracker's address, of a family that we can reach, IPv4 first. */
  async #find(tracker: URL, signal: AbortSignal): Promise<PeerAddress> {
    const host = canonicalHost(tracker.hostname);
    const hosts = isAddressLiteral(host) ? [host] : await untilAborted(this.#resolve(host), signal);
    const usable = hosts.filter((address) => this.#socket.canReach(address));
    const best = usable.find((address) => !isIPv6(address)) ?? usable[0];
    if (best === undefined) {
      throw trackerFailure(tracker.href, "it has no address of the family that we are bound to");
    }
    return { host: best, port: Number(tracker.port) };
  }
}

/** With whom an announce talks. */
interface Exchange {
  readonly to: PeerAddress;
  readonly urlData: string;
  readonly signal: AbortSignal;
}

/** What is asked, and how its answer is known. */
interface Question {
  readonly action: number;
  readonly transactionId: number;
  /** Made anew for each time it is sent; the signal ends the making. */
  packet(signal: AbortSignal): Uint8Array | Promise<Uint8Array>;
}

/** Only from whom we asked, with our number, and to what we asked: anybody can send us packets. */
function isAnswer(datagram: Datagram, to: PeerAddress, question: Question): boolean {
  const header = decodeReplyHeader(datagram.bytes);
  if (header === undefined || header.transactionId !== question.transactionId) return false;
  if (datagram.from.host !== to.host || datagram.from.port !== to.port) return false;
  return header.action === question.action || header.action === ACTION.error;
}

/** A number that nobody can guess. */
function randomId(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
