/**
 * The console and the signals of the process itself.
 *
 * @module
 */
import type { SignalSystem } from "./signals.ts";
import { writeLastWords } from "./sink.ts";
import type { Console } from "./view.ts";

/** Where a terminal does not say how wide it is. */
const USUAL_COLUMNS = 80;

/** Standard output and error; a live line only where standard error is a terminal that can redraw. */
export function systemConsole(): Console {
  const canRedraw = Deno.stderr.isTerminal() && environment("TERM") !== "dumb";
  return {
    stdout: Deno.stdout,
    stderr: Deno.stderr,
    colors: canRedraw && !Deno.noColor ? "on" : "off",
    ...(canRedraw ? { columns: terminalColumns } : {}),
  };
}

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || USUAL_COLUMNS;
  } catch {
    return USUAL_COLUMNS; // a serial line, say: it has no size to ask for
  }
}

/** A variable of the environment where we may look without asking the user. */
function environment(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** Calls `report` with an error that nothing caught, instead of Deno's own end with a stack trace. */
export function onUncaught(report: (error: unknown) => void): void {
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    clearLiveLine();
    report(event.error);
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    clearLiveLine();
    report(event.reason);
  });
}

/** The signals of this process. A forced end leaves the terminal's cursor at the start of a line. */
export function systemSignals(): SignalSystem {
  return {
    os: Deno.build.os,
    addSignalListener: Deno.addSignalListener,
    removeSignalListener: Deno.removeSignalListener,
    exit(code) {
      clearLiveLine();
      Deno.exit(code);
    },
  };
}

function clearLiveLine(): void {
  if (Deno.stderr.isTerminal()) writeLastWords(Deno.stderr, "\r\x1b[J");
}
