/**
 * One line of a terminal that is redrawn in place, with lasting lines printed above it.
 *
 * @module
 */
import { unicodeWidth } from "@std/cli";

/** The terminal as the live line needs it; tests bring their own. */
export interface Screen {
  write(text: string): Promise<void>;
  columns(): number;
}

/** A line for the present width. */
export type LineRenderer = (columns: number) => string;

const ERASE_TO_END = "\x1b[J";
// deno-lint-ignore no-control-regex -- the colours of our own lines
const COLORS = /\x1b\[\d+m/g;

/**
 * The live line. The cursor stays visible at its end: a program that hides it leaves a terminal without
 * one when it is killed or stopped.
 */
export class LiveLine {
  readonly #screen: Screen;
  #render: LineRenderer | undefined;
  #drawnWidth = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Shows another line in place of the present one, and keeps it there from now on. */
  draw(render: LineRenderer): Promise<void> {
    this.#render = render;
    return this.#screen.write(this.#erase() + this.#line());
  }

  /** Prints a lasting line above the live one. */
  print(line: string): Promise<void> {
    return this.#screen.write(`${this.#erase()}${line}\n${this.#line()}`);
  }

  /** Draws the line for a new width of the terminal. */
  redraw(): Promise<void> {
    return this.#render === undefined
      ? Promise.resolve()
      : this.#screen.write(this.#erase() + this.#line());
  }

  /** Takes the live line away. */
  close(): Promise<void> {
    return this.#screen.write(this.end());
  }

  /** Forgets the live line; returns what takes it away, for whoever has no time for write(). */
  end(): string {
    const erase = this.#erase();
    this.#render = undefined;
    this.#drawnWidth = 0;
    return erase;
  }

  #line(): string {
    const line = this.#render?.(this.#screen.columns()) ?? "";
    this.#drawnWidth = unicodeWidth(line.replace(COLORS, ""));
    return line;
  }

  /** A terminal that became narrower has wrapped the line drawn before: all its rows go. */
  #erase(): string {
    if (this.#drawnWidth === 0) return "";
    const rowsAbove = Math.ceil(this.#drawnWidth / Math.max(1, this.#screen.columns())) - 1;
    const up = rowsAbove > 0 ? `\x1b[${rowsAbove}A` : "";
    return `\r${up}${ERASE_TO_END}`;
  }
}
