/**
 * Progress among lines of text: as a live line on a terminal, as a line now and then elsewhere.
 *
 * @module
 */
import type { HashingEvent } from "../create/create_torrent.ts";
import type { CheckingEvent, ProgressEvent } from "../events.ts";
import {
  describeChecking,
  describeProgress,
  type LineStyle,
  renderChecking,
  renderProgress,
} from "./progress.ts";
import { type TextSink, type TextTarget, writeLastWords } from "./sink.ts";
import { LiveLine } from "./terminal.ts";

/** What there is a line for. */
export type ShownProgress = ProgressEvent | CheckingEvent | HashingEvent;

/** Lines, and the progress between them. Disposing it leaves nothing half written. */
export interface ProgressDisplay extends AsyncDisposable {
  print(line: string): Promise<void>;
  progress(name: string, event: ShownProgress): Promise<void>;
  /** The progress is over: takes away what shows it. */
  end(): Promise<void>;
}

/** What a live line needs beside the sink: where it says its last words, and how it looks. */
export interface LiveOptions {
  readonly target: TextTarget;
  readonly columns: () => number;
  readonly colors: LineStyle["colors"];
  /** Milliseconds of a steady clock. */
  readonly now?: () => number;
}

/** More frames a second than these nobody sees. */
const FRAME_MS = 100;

/** The live line of a terminal, redrawn in place and when the window changes its size. */
export class LiveProgress implements ProgressDisplay {
  readonly #line: LiveLine;
  readonly #stderr: TextSink;
  readonly #options: LiveOptions;
  readonly #now: () => number;
  readonly #onResize = () => void this.#line.redraw();
  #drawnAt = -Infinity;
  #drawnKind: string | undefined;

  constructor(stderr: TextSink, options: LiveOptions) {
    this.#stderr = stderr;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#line = new LiveLine({
      write: (text) => writeToPeople(stderr, text),
      columns: options.columns,
    });
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGWINCH", this.#onResize);
  }

  print(line: string): Promise<void> {
    return this.#line.print(line);
  }

  async progress(name: string, event: ShownProgress): Promise<void> {
    const now = this.#now();
    if (now - this.#drawnAt < FRAME_MS && event.kind === this.#drawnKind) return;
    this.#drawnAt = now;
    this.#drawnKind = event.kind;
    const { colors } = this.#options;
    await this.#line.draw((columns) =>
      event.kind === "progress"
        ? renderProgress(name, event, { columns, colors })
        : renderChecking(name, event, { columns, colors })
    );
  }

  end(): Promise<void> {
    return this.#line.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGWINCH", this.#onResize);
    await this.#stderr[Symbol.asyncDispose]();
    writeLastWords(this.#options.target, this.#line.end());
  }
}

/** How often a log gets a line of progress, in milliseconds. */
const LOG_INTERVAL_MS = 10_000;

/** Lines for a log. */
export class LineProgress implements ProgressDisplay {
  readonly #stderr: TextSink;
  readonly #now: () => number;
  #printedAt: number;

  /** @param now milliseconds of a steady clock */
  constructor(stderr: TextSink, now: () => number = () => performance.now()) {
    this.#stderr = stderr;
    this.#now = now;
    this.#printedAt = now();
  }

  print(line: string): Promise<void> {
    return writeToPeople(this.#stderr, `${line}\n`);
  }

  async progress(_name: string, event: ShownProgress): Promise<void> {
    const now = this.#now();
    if (now - this.#printedAt < LOG_INTERVAL_MS) return;
    this.#printedAt = now;
    await this.print(event.kind === "progress" ? describeProgress(event) : describeChecking(event));
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stderr[Symbol.asyncDispose]();
  }
}

/** Nobody to read what is for people is no reason to stop working. */
async function writeToPeople(stderr: TextSink, text: string): Promise<void> {
  try {
    await stderr.write(text);
  } catch {
    // Standard error is closed or full: the files matter more.
  }
}
