/**
 * What runs in a disk's thread: it takes runs of blocks from the ring, and calls from its messages, in the
 * order in which they were sent, and sleeps when there are none. Everything here may block.
 *
 * @module
 */
import { type CallMessage, encodeFailure, type FromThread } from "./calls.ts";
import { Desk, type Feed } from "./desk.ts";
import { OUTCOME, type RunPlace } from "./ring.ts";

/** After so many bytes the other side learns what is done, though there be more to do. */
const PUBLISH_LENGTH = 512 * 1024;

/** How long to wait for somebody to close a connection. */
const ANSWER_LIMIT_MS = 2_000;

/** The part of a worker's global scope that is used here. */
interface Scope {
  onmessage: ((event: MessageEvent<CallMessage>) => void) | null;
  postMessage(message: FromThread): void;
  close(): void;
}

/** The thread's one loop. */
class DiskThread {
  readonly #scope: Scope;
  readonly #calls: CallMessage[] = [];
  readonly #desk: Desk;
  #wake: () => void = () => {};

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#desk = new Desk(() => this.#askForDescriptor());
    scope.onmessage = ({ data }) => this.#receive(data);
  }

  /** Works until it is closed. */
  async run(): Promise<void> {
    for (let isOpen = true; isOpen;) {
      const { feed } = this.#desk;
      const call = this.#calls.shift();
      if (call !== undefined) {
        if (feed !== undefined) this.#catchUp(feed, call.after);
        await this.#answer(call);
        isOpen = call.name !== "close";
      } else if (feed === undefined || feed.ring.hasCall) await this.#message();
      else {
        const { bell } = feed.ring;
        this.#takeRuns(feed);
        if (!feed.ring.hasCall) feed.ring.sleep(bell);
      }
    }
    this.#scope.close();
  }

  #receive(call: CallMessage): void {
    this.#calls.push(call);
    this.#wake();
  }

  #message(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    return promise;
  }

  async #answer(call: CallMessage): Promise<void> {
    const { id } = call;
    try {
      this.#scope.postMessage({ kind: "result", id, result: await this.#desk.answer(call) });
    } catch (error) {
      this.#scope.postMessage({ kind: "failure", id, failure: encodeFailure(error) });
    }
  }

  /** Stores all runs that come before a call, also those that the ring has had no room for. */
  #catchUp(feed: Feed, after: number): void {
    const { ring } = feed;
    ring.takeCall();
    for (let { bell } = ring; ring.taken !== after; bell = ring.bell) {
      this.#takeRuns(feed, after);
      if (ring.taken !== after) ring.sleep(bell);
    }
  }

  /** Stores what has come through the ring, up to run `until`, or up to the next call. */
  #takeRuns(feed: Feed, until?: number): void {
    const { ring } = feed;
    let unpublished = 0;
    for (let place = ring.take(until); place !== undefined; place = ring.take(until)) {
      unpublished += place.lengthBytes;
      ring.settle(this.#store(feed, place));
      if (unpublished < PUBLISH_LENGTH) continue;
      ring.publish();
      unpublished = 0;
    }
    ring.publish();
  }

  #store({ ring, memory, disk }: Feed, place: RunPlace): number {
    const { pieceIndex, begin, start, lengthBytes, endsPiece } = place;
    const bytes = memory.subarray(start, start + lengthBytes);
    const entry = ring.taken;
    try {
      const outcome = disk.putNow({ pieceIndex, begin, bytes, endsPiece });
      if (outcome.kind !== "wrong") return OUTCOME[outcome.kind];
      this.#scope.postMessage({ kind: "wrong", entry, digests: outcome.digests });
      return OUTCOME.wrong;
    } catch (error) {
      this.#scope.postMessage({ kind: "failed", entry, failure: encodeFailure(error) });
      return OUTCOME.failed;
    }
  }

  /** Blocks until the other side has seen to it. */
  #askForDescriptor(): boolean {
    const { feed } = this.#desk;
    // Before the disk is open, and in a thread that only hashes, there is nobody to ask.
    if (feed === undefined) return false;
    this.#scope.postMessage({ kind: "shortage" });
    return feed.ring.waitForAnswer(ANSWER_LIMIT_MS);
  }
}

// Not awaited here: a worker that ends while its module is being evaluated leaves two descriptors open.
new DiskThread(globalThis as unknown as Scope).run();
