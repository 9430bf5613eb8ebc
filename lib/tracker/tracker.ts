/**
 * One tracker as one download knows it: what it was told, what it said, when it is due again.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { TrackerError } from "../base/errors.ts";
import { hideSecrets, printable, printableReply, redactUrl } from "../base/text.ts";
import type { DownloadEvent } from "../events.ts";
import type { TrackerClient } from "./client.ts";
import {
  type Intervals,
  regularWaitSeconds,
  retryWaitSeconds,
  starvedWaitSeconds,
} from "./interval.ts";
import type { AnnounceEvent, AnnounceReply, AnnounceRequest } from "./request.ts";

/** What is reported of a tracker. */
export type TrackerEvent = Extract<DownloadEvent, { readonly kind: "tracker" }>;

/** What a Tracker needs of the download it serves. */
export interface TrackerContext {
  readonly client: TrackerClient;
  readonly clock: Clock;
  readonly random: () => number;
  /** The request of this moment. */
  readonly request: (event: AnnounceEvent) => AnnounceRequest;
  readonly report: (event: TrackerEvent) => void;
}

type State =
  | { readonly kind: "unasked" }
  | { readonly kind: "answering"; readonly atMs: number; readonly intervals: Intervals }
  | { readonly kind: "failing"; readonly failures: number; readonly retryAtMs: number };

const MAX_WARNING_LENGTH = 300;

/** One tracker's side of the story. Its announces must not overlap. */
export class Tracker {
  readonly url: string;
  readonly #context: TrackerContext;
  #state: State = { kind: "unasked" };
  #wasStarted = false;
  #wasCompleted = false;
  #trackerId: Uint8Array | undefined;
  /** The last trouble reported: the same is not reported again. */
  #trouble: string | undefined;

  constructor(url: string, context: TrackerContext) {
    this.url = url;
    this.#context = context;
  }

  get state(): State["kind"] {
    return this.#state.kind;
  }

  /** Whether it counts us among its peers, so that it should hear when we leave. */
  get wasStarted(): boolean {
    return this.#wasStarted;
  }

  /** Whether it knows that we have finished, or never needs to. */
  get wasCompleted(): boolean {
    return this.#wasCompleted;
  }

  /** When it should be asked again, on the context's clock: the moment 0 when it was never asked. */
  dueMs(appetite: "starved" | "satisfied"): number {
    const state = this.#state;
    if (state.kind === "unasked") return 0;
    if (state.kind === "failing") return state.retryAtMs;
    const wait = appetite === "starved" ? starvedWaitSeconds : regularWaitSeconds;
    return state.atMs + wait(state.intervals) * 1000;
  }

  /**
   * Announces and reports (a goodbye is no news); a TrackerError ends here, as `undefined`, for the next
   * tracker to be tried.
   *
   * @throws the signal's reason when it aborted
   */
  async announce(
    event: AnnounceEvent,
    options: { readonly signal: AbortSignal },
  ): Promise<AnnounceReply | undefined> {
    const request = { ...this.#context.request(event), trackerId: this.#trackerId };
    try {
      const reply = await this.#context.client.announce(this.url, request, options);
      this.#noteReply(event, reply);
      return reply;
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof TrackerError)) throw error;
      if (event !== "stopped") this.#noteFailure(error);
      return undefined;
    }
  }

  #noteReply(event: AnnounceEvent, reply: AnnounceReply): void {
    this.#state = { kind: "answering", atMs: this.#context.clock.now(), intervals: reply };
    this.#trackerId = reply.trackerId ?? this.#trackerId;
    if (event === "started") this.#wasStarted = true;
    if (event === "completed") this.#wasCompleted = true;
    if (event === "stopped") this.#wasStarted = false;
    const warning = reply.warning === undefined
      ? undefined
      : printableReply(reply.warning, this.url, MAX_WARNING_LENGTH);
    const isNews = warning !== undefined && warning !== this.#trouble;
    this.#trouble = warning;
    if (event === "stopped") return;
    this.#context.report({
      kind: "tracker",
      url: redactUrl(this.url),
      status: isNews ? "warning" : "ok",
      peers: reply.peers.length,
      seconds: regularWaitSeconds(reply),
      ...(isNews ? { message: warning } : {}),
    });
  }

  #noteFailure(error: TrackerError): void {
    const { clock, random } = this.#context;
    const failures = this.#state.kind === "failing" ? this.#state.failures + 1 : 1;
    const seconds = error.retrySeconds ?? retryWaitSeconds(failures, random());
    this.#state = { kind: "failing", failures, retryAtMs: clock.now() + seconds * 1000 };
    if (error.message === this.#trouble) return;
    this.#trouble = error.message;
    const message = hideSecrets(printable(error.message), this.url);
    this.#context.report({ kind: "tracker", url: error.url, status: "failed", message });
  }
}
