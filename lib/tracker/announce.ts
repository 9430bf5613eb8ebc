/**
 * The first stage of the pipeline: tells trackers that we are there, and yields the peers they name
 * (BEP 3, 12, 27).
 *
 * Every circle (tiers.ts) has a loop of its own: ask its trackers in order until one answers, stay with
 * that one until it fails, sleep until it is due or something wakes the loop.
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";
import { Channel } from "../base/async.ts";
import { type Clock, SYSTEM_CLOCK, TimeLimit } from "../base/clock.ts";
import type { UdpSocket } from "../base/udp_socket.ts";
import { STOPPED_LIMIT_MS, TrackerClient } from "./client.ts";
import type { AnnounceEvent, AnnounceReply, AnnounceRequest } from "./request.ts";
import { arrangeTrackers, type TrackerCircle } from "./tiers.ts";
import { Tracker, type TrackerContext, type TrackerEvent } from "./tracker.ts";
import type { Resolve } from "./url.ts";

export type { TrackerEvent } from "./tracker.ts";

/** How many peers are asked for where the caller does not say. */
export const DEFAULT_NUM_WANT = 200;
/** How many replies may wait for the consumer; more are dropped, for trackers repeat themselves. */
const MAX_WAITING_REPLIES = 64;
/** After so long a loop looks again: a tracker may be due later than a timer can tell, or never. */
const MAX_NAP_MS = 24 * 60 * 60 * 1000;

/** What trackers are told of the transfer, at each announce anew. */
export interface TransferStats {
  /** In this run. */
  readonly uploadedBytes: number;
  /** Payload in this run, of use or not. */
  readonly downloadedBytes: number;
  /** Still missing. */
  readonly leftBytes: number;
}

/** Whom to announce what. */
export interface AnnounceOptions {
  /** Tiers of URLs (BEP 12). */
  readonly trackers: readonly (readonly string[])[];
  /** BEP 27: one tracker at a time. */
  readonly isPrivate: boolean;
  /** 20 bytes each. */
  readonly infoHash: Uint8Array;
  /** Ours, 20 bytes. */
  readonly peerId: Uint8Array;
  /** Where peers can dial us; 0 when nowhere. Looked up at each announce. */
  readonly port: number;
  /** Called at each announce. */
  readonly stats: () => TransferStats;
  /** Peers to ask for. @default DEFAULT_NUM_WANT */
  readonly numWant?: number;
  /** The local address, an IP literal: nothing is sent from another. */
  readonly bind?: string | undefined;
  /** For trackers over UDP; the caller owns it. Opens nothing unless one is asked. */
  readonly udp: UdpSocket;
  /** Aborts what is under way; the goodbyes of disposal have a limit of their own. */
  readonly signal: AbortSignal;
  /** Told what each tracker answered; of the same trouble in a row only the first. */
  readonly report?: (event: TrackerEvent) => void;
  /** A private torrent changed its tracker: peers that the former one named are to be dropped. */
  readonly switched?: () => void;
  /** Told our own address as a tracker sees it (BEP 24). */
  readonly onExternalHost?: (host: string, tracker: string) => void;
  /** 32 bits; random where not given. */
  readonly key?: number;
  /** Tests hand in their own. @default the machine's */
  readonly clock?: Clock;
  /** Gives numbers from 0 up to 1. */
  readonly random?: () => number;
  /** The look-up of host names; tests hand in their own. @default the system's */
  readonly resolve?: Resolve;
}

/** One circle's loop: where it sleeps. */
interface Round {
  readonly circle: TrackerCircle;
  readonly trackers: ReadonlyMap<string, Tracker>;
  nap: AbortController;
}

/** Announces from the first call of addresses() until it is disposed. */
export class Announcer implements AsyncDisposable {
  readonly #options: AnnounceOptions;
  readonly #clock: Clock;
  readonly #client: TrackerClient;
  readonly #key: number;
  readonly #rounds: readonly Round[];
  readonly #addresses = new Channel<readonly PeerAddress[]>(MAX_WAITING_REPLIES);
  readonly #stop = new AbortController();
  /** Aborts when there is no time left for anything. */
  readonly #parting = new AbortController();
  #loops: readonly Promise<void>[] | undefined;
  #appetite: "starved" | "satisfied" = "satisfied";
  #isCompleted = false;
  #wasAnswered = false;
  #disposal: Promise<void> | undefined;

  /** Asks nobody before addresses() is called. */
  constructor(options: AnnounceOptions) {
    this.#options = options;
    const { udp, bind, clock = SYSTEM_CLOCK, random = Math.random, resolve } = options;
    this.#clock = clock;
    this.#client = new TrackerClient({ udp, bind, clock, ...(resolve ? { resolve } : {}) });
    this.#key = options.key ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    const context: TrackerContext = {
      client: this.#client,
      clock,
      random,
      request: (event) => this.#request(event),
      report: (event) => options.report?.(event),
    };
    const { trackers, isPrivate } = options;
    this.#rounds = arrangeTrackers(trackers, { isPrivate, random }).map((circle) => ({
      circle,
      trackers: new Map(circle.order().map((url) => [url, new Tracker(url, context)])),
      nap: new AbortController(),
    }));
  }

  /**
   * Announces, and yields what each reply names, the same peers again and again. Ends when disposed,
   * and at once when there is no tracker; one consumer.
   *
   * @throws the signal's reason when it aborts
   */
  addresses(): AsyncIterableIterator<readonly PeerAddress[]> {
    if (this.#loops !== undefined) return this.#addresses;
    const { signal } = this.#options;
    if (signal.aborted) this.#abort();
    else signal.addEventListener("abort", this.#abort, { once: true });
    this.#loops = this.#rounds.map((round) => this.#run(round));
    if (this.#rounds.length === 0) this.#addresses.close();
    return this.#addresses;
  }

  /** True when there is no tracker, or all have failed and none has ever answered; may turn false. */
  get isHopeless(): boolean {
    return !this.#wasAnswered && this.#allTrackers().every(({ state }) => state === "failing");
  }

  /** Whether there is any tracker at all. */
  get hasTrackers(): boolean {
    return this.#rounds.length > 0;
  }

  /** Peers are lacking: trackers are asked as soon as they allow. Until satisfy(). */
  starve(): void {
    if (this.#appetite === "starved") return;
    this.#appetite = "starved";
    this.#wakeAll();
  }

  /** There are peers enough: trackers are asked at their regular interval. */
  satisfy(): void {
    this.#appetite = "satisfied";
  }

  /** The last missing byte has come in this run: every tracker that knows us is told at once. */
  completed(): void {
    this.#isCompleted = true;
    this.#wakeAll();
  }

  /** Ends what is under way and says goodbye to every tracker that knows us, within 5 s in all. Never throws. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposal ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#abort);
    this.#addresses.close();
    using limit = new TimeLimit(STOPPED_LIMIT_MS, new AbortController().signal, this.#clock);
    limit.signal.addEventListener("abort", () => this.#parting.abort(limit.signal.reason));
    this.#end(new DOMException("The announcer was disposed", "AbortError"));
    await Promise.all(this.#loops ?? []);
    const known = this.#allTrackers().filter(({ wasStarted }) => wasStarted);
    // Whoever does not answer in time will notice by itself: nothing is left to be done about it.
    await Promise.allSettled(known.map((tracker) => this.#sayGoodbye(tracker, limit.signal)));
    this.#client[Symbol.dispose]();
  }

  async #sayGoodbye(tracker: Tracker, signal: AbortSignal): Promise<void> {
    if (this.#nextEvent(tracker) === "completed") await tracker.announce("completed", { signal });
    await tracker.announce("stopped", { signal });
  }

  readonly #abort = () => {
    const { reason } = this.#options.signal;
    this.#addresses.fail(reason);
    this.#end(reason);
  };

  #end(reason: unknown): void {
    this.#stop.abort(reason);
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const round of this.#rounds) round.nap.abort();
  }

  async #run(round: Round): Promise<void> {
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) {
        const waitMs = this.#dueMs(round) - this.#clock.now();
        if (waitMs > 0) await this.#sleep(round, waitMs);
        else await this.#announceAny(round, signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#addresses.fail(error); // no tracker's fault: ours
    }
  }

  /** Sleeps, or not, when something woke the round since it last looked. */
  async #sleep(round: Round, waitMs: number): Promise<void> {
    const { nap } = round;
    try {
      await this.#clock.delay(Math.min(waitMs, MAX_NAP_MS), { signal: nap.signal });
    } catch (error) {
      if (!nap.signal.aborted) throw error;
      round.nap = new AbortController();
    }
  }

  #dueMs({ circle, trackers }: Round): number {
    const current = trackers.get(circle.current ?? "");
    if (current?.state !== "answering") {
      return Math.min(...trackers.values().map((tracker) => tracker.dueMs(this.#appetite)));
    }
    return this.#nextEvent(current) === "update" ? current.dueMs(this.#appetite) : 0;
  }

  #nextEvent(tracker: Tracker): AnnounceEvent {
    if (!tracker.wasStarted) return "started";
    return this.#isCompleted && !tracker.wasCompleted ? "completed" : "update";
  }

  /** Asks, in order, those that are not being left alone, until one answers. */
  async #announceAny(round: Round, signal: AbortSignal): Promise<void> {
    for (const url of round.circle.order()) {
      const tracker = round.trackers.get(url);
      if (tracker === undefined) continue;
      if (tracker.state === "failing" && tracker.dueMs("starved") > this.#clock.now()) continue;
      const event = this.#nextEvent(tracker);
      // What is told once must not be cut short: it would be told again, and counted twice.
      const until = event === "completed" ? this.#parting.signal : signal;
      const reply = await tracker.announce(event, { signal: until });
      if (reply !== undefined) return this.#accept(round.circle, url, reply);
    }
  }

  #accept(circle: TrackerCircle, url: string, reply: AnnounceReply): void {
    const former = circle.current;
    circle.promote(url);
    this.#wasAnswered = true;
    if (this.#options.isPrivate && former !== undefined && former !== url) {
      this.#options.switched?.();
    }
    if (reply.externalHost !== undefined) {
      this.#options.onExternalHost?.(reply.externalHost, url);
    }
    if (reply.peers.length > 0) this.#addresses.push(reply.peers);
  }

  #request(event: AnnounceEvent): AnnounceRequest {
    const { infoHash, peerId, port, stats, numWant = DEFAULT_NUM_WANT } = this.#options;
    return { infoHash, peerId, port, ...stats(), event, numWant, key: this.#key };
  }

  #allTrackers(): Tracker[] {
    return this.#rounds.flatMap(({ trackers }) => [...trackers.values()]);
  }
}
