/**
 * One announce to any tracker, within its time limit.
 *
 * @module
 */
import { type Clock, isTimeout, SYSTEM_CLOCK, TimeLimit } from "../base/clock.ts";
import type { UdpSocket } from "../base/udp_socket.ts";
import { announceHttp, createTrackerClient } from "./http.ts";
import type { AnnounceReply, AnnounceRequest } from "./request.ts";
import type { UdpAnnouncer } from "./udp.ts";
import { parseTrackerUrl, type Resolve, resolveHost, trackerFailure } from "./url.ts";

/** How long an announce may take in all, redirects and look-ups included, in milliseconds. */
export const ANNOUNCE_LIMIT_MS = 30_000;
/** The same for a `stopped`: somebody waits for us to end. */
export const STOPPED_LIMIT_MS = 5_000;

/** What a TrackerClient stands on. */
export interface TrackerClientOptions {
  /** For trackers over UDP; the caller owns it. */
  readonly udp: UdpSocket;
  /** The local address to connect from, an IP literal. */
  readonly bind?: string | undefined;
  readonly clock?: Clock;
  readonly resolve?: Resolve;
}

/** Announces over whatever the URL's scheme names. Owns its HTTP connections. */
export class TrackerClient implements Disposable {
  readonly #bind: string | undefined;
  readonly #clock: Clock;
  readonly #resolve: Resolve;
  readonly #socket: UdpSocket;
  /** Made, and loaded, by the first announce over UDP. */
  #udp: Promise<UdpAnnouncer> | undefined;
  #http: Deno.HttpClient | undefined;

  constructor(options: TrackerClientOptions) {
    this.#bind = options.bind;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#resolve = options.resolve ?? resolveHost;
    this.#socket = options.udp;
  }

  /**
   * Announces once.
   *
   * @throws {TrackerError} whatever went wrong; the signal's reason when it aborted
   */
  async announce(
    tracker: string,
    request: AnnounceRequest,
    options: { readonly signal: AbortSignal },
  ): Promise<AnnounceReply> {
    options.signal.throwIfAborted();
    const limitMs = request.event === "stopped" ? STOPPED_LIMIT_MS : ANNOUNCE_LIMIT_MS;
    using limit = new TimeLimit(limitMs, options.signal, this.#clock);
    try {
      return await this.#send(parseTrackerUrl(tracker), request, limit.signal);
    } catch (error) {
      options.signal.throwIfAborted();
      if (!isTimeout(error)) throw error;
      throw trackerFailure(tracker, `no answer in ${limitMs / 1000} s`, { cause: error });
    }
  }

  async #send(url: URL, request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceReply> {
    if (url.protocol === "udp:") {
      this.#udp ??= this.#makeUdp();
      return await (await this.#udp).announce(url, request, { signal });
    }
    this.#http ??= createTrackerClient(this.#bind);
    const options = { signal, client: this.#http, resolve: this.#resolve };
    return await announceHttp(url, request, options);
  }

  async #makeUdp(): Promise<UdpAnnouncer> {
    const { UdpAnnouncer } = await import("./udp.ts");
    return new UdpAnnouncer({ socket: this.#socket, clock: this.#clock, resolve: this.#resolve });
  }

  [Symbol.dispose](): void {
    this.#http?.close();
    this.#http = undefined;
  }
}
