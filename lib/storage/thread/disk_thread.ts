/**
 * The handle of a disk's thread: calls go in, answers come out.
 *
 * @module
 */
import {
  type CallMessage,
  type CallName,
  type Calls,
  decodeFailure,
  type FromThread,
} from "./calls.ts";

const ENTRY = new URL("./entry.ts", import.meta.url);

/** What a thread says without being asked. */
export type Notice = Exclude<FromThread, { readonly kind: "result" | "failure" }>;

/** Who is told what. */
export interface ThreadOptions {
  readonly onNotice?: (notice: Notice) => void;
  /** Called before a call is posted; gives how many runs were pushed before it. */
  readonly onCall?: () => number;
  /** The thread has died of an error that nobody expected; calls under way have failed with it. */
  readonly onDeath?: (error: Error) => void;
}

/** Whether threads can be had: their code must be a file that may be read. */
export function canStartThreads(): boolean {
  if (typeof Worker === "undefined" || ENTRY.protocol !== "file:") return false;
  return Deno.permissions.querySync({ name: "read", path: ENTRY }).state === "granted";
}

/** Owns a thread, from its start to disposal. */
export class DiskThread implements AsyncDisposable {
  readonly #worker = new Worker(ENTRY, { type: "module", name: "disk" });
  readonly #options: ThreadOptions;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #nextId = 0;
  #death: Error | undefined;
  #closing: Promise<void> | undefined;

  /** Starts the thread; nothing is opened in it yet. */
  constructor(options: ThreadOptions = {}) {
    this.#options = options;
    this.#worker.onmessage = ({ data }: MessageEvent<FromThread>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#die(new Error(`The disk's thread has failed: ${event.message}`));
    };
  }

  /** Has something done after all that was asked for before. @throws what comes of it */
  async call<Name extends CallName>(
    name: Name,
    argument: Calls[Name]["argument"],
  ): Promise<Calls[Name]["result"]> {
    if (this.#death !== undefined) throw this.#death;
    const answer = Promise.withResolvers<unknown>();
    const id = this.#nextId++;
    this.#waiting.set(id, answer);
    const after = this.#options.onCall?.() ?? 0;
    this.#worker.postMessage({ id, name, argument, after } as CallMessage);
    return await answer.promise as Calls[Name]["result"];
  }

  /** Closes what is open in the thread, after all that was asked for, and ends it. Never throws. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.call("close", undefined).catch(() => {}) // it is dead already
      .finally(() => this.#worker.terminate());
    return this.#closing;
  }

  #receive(message: FromThread): void {
    if (message.kind !== "result" && message.kind !== "failure") {
      return this.#options.onNotice?.(message);
    }
    const answer = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === "result") answer?.resolve(message.result);
    else answer?.reject(decodeFailure(message.failure));
  }

  #die(error: Error): void {
    this.#death ??= error;
    for (const answer of this.#waiting.values()) answer.reject(error);
    this.#waiting.clear();
    this.#options.onDeath?.(error);
  }
}
