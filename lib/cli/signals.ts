/**
 * SIGINT and SIGTERM: the first asks everything to end, the second ends at once.
 *
 * @module
 */

/** Why everything ends: a person or the system asked for it. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** 128 and the signal's number, as shells expect. */
  readonly exitCode: number;

  constructor(signal: Deno.Signal) {
    super(`Stopped by ${signal}`);
    this.exitCode = signal === "SIGTERM" ? 143 : 130;
  }
}

/** What a SignalWatch needs of the system; tests bring their own. */
export interface SignalSystem {
  readonly os: typeof Deno.build.os;
  addSignalListener(signal: Deno.Signal, listener: () => void): void;
  removeSignalListener(signal: Deno.Signal, listener: () => void): void;
  /** Ends the program at once. */
  exit(code: number): void;
}

/** How long saving the state and saying goodbye to trackers may take, in milliseconds. */
const GRACE_MS = 5500;

/** The signals that ask a program to end, on each system; others cannot be listened to on Windows. */
export function endingSignals(os: typeof Deno.build.os): readonly Deno.Signal[] {
  return os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
}

/** Listens while it lives; owns its listeners and its timer. */
export class SignalWatch implements Disposable {
  readonly #system: SignalSystem;
  readonly #controller = new AbortController();
  readonly #listeners = new Map<Deno.Signal, () => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(system: SignalSystem) {
    this.#system = system;
    for (const signal of endingSignals(system.os)) {
      const listener = () => this.#receive(signal);
      system.addSignalListener(signal, listener);
      this.#listeners.set(signal, listener);
    }
  }

  /** Aborts with an Interruption at the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #receive(signal: Deno.Signal): void {
    const interruption = new Interruption(signal);
    if (this.signal.aborted) return this.#system.exit(interruption.exitCode);
    this.#timer = setTimeout(() => this.#system.exit(interruption.exitCode), GRACE_MS);
    this.#controller.abort(interruption);
  }

  [Symbol.dispose](): void {
    // The first use of a timer has a price, which most runs need not pay.
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    for (const [signal, listener] of this.#listeners) {
      this.#system.removeSignalListener(signal, listener);
    }
    this.#listeners.clear();
  }
}
