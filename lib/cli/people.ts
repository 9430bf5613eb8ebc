/**
 * Events as lines for people, on standard error; what they asked for, on standard output.
 *
 * @module
 */
import { printable } from "../base/text.ts";
import type { DownloadEvent } from "../events.ts";
import type { VerifyEvent } from "../storage/verify.ts";
import { formatBytes, formatDuration, formatNoun, formatRate } from "./format.ts";
import type { ProgressDisplay } from "./live.ts";
import type { TextSink } from "./sink.ts";
import type { CliEvent, View } from "./view.ts";

/** What the view for people stands on; it owns the progress display. */
export interface PeopleViewOptions {
  readonly stdout: TextSink;
  readonly progress: ProgressDisplay;
  readonly verbosity: "normal" | "verbose";
  readonly signal: AbortSignal;
}

/** So many different complaints of trackers are shown; a torrent may name thousands of them. */
const MAX_COMPLAINTS = 50;

/** With these, a progress has come to its end; another one may follow. */
const LAST_KINDS: ReadonlySet<CliEvent["kind"]> = new Set([
  "checked",
  "complete",
  "verified",
  "seeded",
  "written",
]);

/** The view for people. */
export class PeopleView implements View {
  readonly #options: PeopleViewOptions;
  readonly #complaints = new Set<string>();
  readonly #onAbort = () => void this.#sayStopping();
  #name = "";
  #isSeeding = false;
  /** That we listen on; undefined where nobody may dial us. */
  #port: number | undefined;

  constructor(options: PeopleViewOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Never fails because nobody reads. */
  async show(event: CliEvent): Promise<void> {
    const { stdout, progress } = this.#options;
    if (event.kind === "output") return await stdout.writeResult(event.text);
    if (event.kind === "start") this.#name = event.name;
    if (event.kind === "listening") this.#port = event.port;
    if (event.kind === "seeding" || isSeedStart(event)) this.#isSeeding = true;
    if (event.kind === "progress" || event.kind === "checking" || event.kind === "hashing") {
      return await progress.progress(printable(this.#name), event);
    }
    if (LAST_KINDS.has(event.kind)) await progress.end();
    const line = this.#lineOf(event);
    if (line !== undefined) await progress.print(printable(line));
  }

  #lineOf(event: CliEvent): string | undefined {
    if (event.kind === "tracker" && event.status !== "ok") return this.#complaintOf(event);
    // Whoever seeds downloads nothing: what is missing ends it.
    if (event.kind === "checked" && this.#isSeeding) return undefined;
    if (event.kind === "seeding") return describeSeeding(event, this.#port);
    return describe(event) ?? (this.#options.verbosity === "verbose" ? detail(event) : undefined);
  }

  /** A tracker repeats itself at every announce: once is enough. */
  #complaintOf(event: DownloadEvent & { kind: "tracker" }): string | undefined {
    const line = detail(event);
    if (line === undefined || this.#options.verbosity === "verbose") return line;
    if (this.#complaints.has(line) || this.#complaints.size >= MAX_COMPLAINTS) return undefined;
    this.#complaints.add(line);
    return line;
  }

  async #sayStopping(): Promise<void> {
    if (this.#name === "") return;
    const text = this.#isSeeding
      ? "Taking leave of peers and trackers"
      : "Saving the state; the same command goes on from there";
    await this.#options.progress.print(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    await this.#options.stdout[Symbol.asyncDispose]();
    await this.#options.progress[Symbol.asyncDispose]();
  }
}

function isSeedStart(event: CliEvent): boolean {
  return event.kind === "start" && event.mode === "seed";
}

/** What everybody is told. */
function describe(event: CliEvent): string | undefined {
  switch (event.kind) {
    case "start": {
      const size = `${formatBytes(event.totalBytes)} in ${formatNoun(event.fileCount, "file")}`;
      return event.mode === "seed"
        ? `Checking ${event.name} (${size}) in ${event.output}`
        : `Downloading ${event.name} (${size}) to ${event.output}`;
    }
    case "checked":
      if (event.haveBytes === 0) return undefined;
      return `Found ${formatBytes(event.haveBytes)} that need not be downloaded again`;
    case "warning":
      return `Warning: ${event.message}`;
    case "complete":
      return describeComplete(event);
    case "seeded":
      return `Seeded ${describeSeeded(event)}`;
    case "file":
      return `${FAULTS[event.fault]} ${event.path}: ${event.message}`;
    case "verified":
      return describeVerified(event);
    case "written":
      return describeWritten(event);
    case "serving":
      return `The mock tracker answers at ${event.url}`;
    default:
      return undefined;
  }
}

const FAULTS = {
  missing: "Missing",
  short: "Short",
  damaged: "Damaged",
  unreadable: "Unreadable",
  unknown: "Unknown",
} as const;

function describeComplete(event: DownloadEvent & { kind: "complete" }): string {
  const { output, totalBytes, downloadedBytes, seconds } = event;
  const all = `Complete and verified: ${output} (${formatBytes(totalBytes)})`;
  if (downloadedBytes === 0 || seconds <= 0) return all;
  const rate = formatRate(downloadedBytes / seconds);
  return `${all}, ${formatBytes(downloadedBytes)} in ${formatDuration(seconds)} at ${rate}`;
}

function describeSeeding(
  { ratio, seconds }: DownloadEvent & { kind: "seeding" },
  port: number | undefined,
): string {
  const goals = [
    ...(ratio === undefined ? [] : [`a ratio of ${ratio}`]),
    ...(seconds === undefined ? [] : [`${formatDuration(seconds)} have passed`]),
  ];
  const place = port === undefined ? "" : ` on port ${port}`;
  return `Seeding${place} until ${goals.length === 0 ? "stopped" : goals.join(" or ")}`;
}

function describeSeeded(event: DownloadEvent & { kind: "seeded" }): string {
  const { uploadedBytes, ratio, seconds } = event;
  const time = formatDuration(seconds);
  return `${formatBytes(uploadedBytes)} in ${time}, a ratio of ${ratio.toFixed(2)}`;
}

function describeVerified(event: VerifyEvent & { kind: "verified" }): string | undefined {
  const have = `${formatBytes(event.haveBytes)} of ${formatBytes(event.totalBytes)}`;
  const pieces = `${event.havePieces} of ${formatNoun(event.pieceCount, "piece")}`;
  if (!event.isComplete) return `Right: ${have}, ${pieces}`;
  return `Complete and verified: ${formatNoun(event.fileCount, "file")}, ${have}`;
}

function describeWritten(event: CliEvent & { kind: "written" }): string {
  const torrent = event.output === "-" ? "the torrent" : event.output;
  const what = `${formatBytes(event.totalBytes)} in ${formatNoun(event.fileCount, "file")}`;
  const pieces = `${formatNoun(event.pieceCount, "piece")} of ${formatBytes(event.pieceLength)}`;
  return `Created ${torrent}: ${what}, ${pieces}, info hash ${event.infoHash}`;
}

/** What only those are told who want to know. */
function detail(event: CliEvent): string | undefined {
  switch (event.kind) {
    case "tracker":
      return `Tracker ${event.url} ${describeTracker(event)}`;
    case "peer": {
      const client = event.client === undefined ? "" : ` (${event.client})`;
      return `Peer ${event.address}${client} ${event.status}${colon(event.message)}`;
    }
    case "pex": {
      const news = `${formatNoun(event.added, "peer")} added, ${event.dropped} dropped`;
      return `Peer exchange ${event.status}, ${event.address}: ${news}`;
    }
    case "corrupt":
      return `Piece ${event.pieceIndex} is corrupt, from ${event.peers.join(", ")}`;
    case "mapping":
      return `Port mapping ${describeMapping(event)}`;
    case "listening":
      return `Listening on ${event.host} port ${event.port}`;
    default:
      return undefined;
  }
}

function describeTracker(event: DownloadEvent & { kind: "tracker" }): string {
  const status = event.status === "warning" ? "warns" : event.status;
  const peers = event.peers === undefined ? "" : `: ${formatNoun(event.peers, "peer")}`;
  const next = event.seconds === undefined ? "" : `, next in ${formatDuration(event.seconds)}`;
  return `${status}${event.status === "ok" ? peers + next : colon(event.message)}`;
}

function describeMapping(event: DownloadEvent & { kind: "mapping" }): string {
  if (event.status === "failed") return `failed${colon(event.message)}`;
  const { method, externalHost = "its address", externalPort } = event;
  return `by ${method}: the gateway lets peers in at ${externalHost} port ${externalPort}`;
}

function colon(text: string | undefined): string {
  return text === undefined || text === "" ? "" : `: ${text}`;
}
