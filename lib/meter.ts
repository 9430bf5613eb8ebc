/**
 * Counters of one run, and the progress that is reported from them.
 *
 * @module
 */
import type { ProgressEvent } from "./events.ts";
import { type Ledger, LOCAL_SOURCE, type OpenPiece } from "./ledger.ts";

/** How often progress is reported. */
const REPORT_MS = 500;

/** How much of the past counts in the rate. */
const RATE_WINDOW_MS = 5_000;

/** Payload received and sent by some moment. */
interface Sample {
  readonly atMs: number;
  readonly downloadedBytes: number;
  readonly uploadedBytes: number;
}

/** What was transferred, and how fast. */
export class Meter {
  /** What is told to be going on. */
  mode: ProgressEvent["mode"] = "download";
  readonly #ledger: Ledger;
  #downloadedBytes = 0;
  #uploadedBytes = 0;
  #wastedBytes = 0;
  #usefulAtBytes = 0;
  #usefulAtMs: number | undefined;
  #nowMs = 0;
  #reportedAtMs = -Infinity;
  #samples: Sample[] = [];

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Counts payload, of use or not. */
  readonly count = (kind: "useful" | "wasted", lengthBytes: number): void => {
    this.#downloadedBytes += lengthBytes;
    if (kind === "wasted") this.#wastedBytes += lengthBytes;
  };

  /** Counts payload that was sent. */
  readonly countSent = (lengthBytes: number): void => {
    this.#uploadedBytes += lengthBytes;
  };

  /** A piece turned out wrong: its blocks were of no use, those that came from others. */
  wastePiece({ pieceIndex, sourceOf }: OpenPiece): void {
    sourceOf.forEach((source, block) => {
      if (source === LOCAL_SOURCE) return;
      this.#wastedBytes += this.#ledger.geometry.requestLength(pieceIndex, block);
    });
  }

  /** What trackers are told. */
  get transferred(): {
    readonly uploadedBytes: number;
    readonly downloadedBytes: number;
    readonly leftBytes: number;
  } {
    const { leftBytes } = this.#ledger;
    const [uploadedBytes, downloadedBytes] = [this.#uploadedBytes, this.#downloadedBytes];
    return { uploadedBytes, downloadedBytes, leftBytes };
  }

  /** Since when nothing of use has come, by the clock of tick(). */
  get idleMs(): number {
    return this.#nowMs - (this.#usefulAtMs ?? this.#nowMs);
  }

  /** Takes the time. @returns progress, when it is time for that */
  tick(nowMs: number, peers: number): ProgressEvent | undefined {
    this.#nowMs = nowMs;
    const usefulBytes = this.#downloadedBytes - this.#wastedBytes;
    if (usefulBytes > this.#usefulAtBytes || this.#usefulAtMs === undefined) {
      this.#usefulAtMs = nowMs;
    }
    this.#usefulAtBytes = usefulBytes;
    if (nowMs - this.#reportedAtMs < REPORT_MS) return undefined;
    this.#reportedAtMs = nowMs;
    return this.progress(peers);
  }

  /** How far the download is. */
  progress(peers: number): ProgressEvent {
    const { geometry, verifiedBytes, verifiedCount, holdings, leftBytes } = this.#ledger;
    const { downloadRate, uploadRate } = this.#rates();
    return {
      kind: "progress",
      mode: this.mode,
      haveBytes: verifiedBytes,
      totalBytes: geometry.totalLength,
      havePieces: verifiedCount,
      pieceCount: geometry.pieceCount,
      downloadedBytes: this.#downloadedBytes,
      wastedBytes: this.#wastedBytes,
      uploadedBytes: this.#uploadedBytes,
      downloadRate,
      uploadRate,
      peers,
      seeds: holdings.completeCount,
      availability: holdings.availability(),
      ...(downloadRate > 0 ? { secondsLeft: Math.ceil(leftBytes / downloadRate) } : {}),
    };
  }

  /** Payload per second over the last seconds. */
  #rates(): { readonly downloadRate: number; readonly uploadRate: number } {
    const [downloadedBytes, uploadedBytes] = [this.#downloadedBytes, this.#uploadedBytes];
    const newest = { atMs: this.#nowMs, downloadedBytes, uploadedBytes };
    this.#samples.push(newest);
    this.#samples = this.#samples.filter(({ atMs }) => this.#nowMs - atMs <= RATE_WINDOW_MS);
    const oldest = this.#samples[0] ?? newest;
    const elapsedMs = Math.max(newest.atMs - oldest.atMs, 1);
    const perSecond = (bytes: number) => Math.round((bytes * 1000) / elapsedMs);
    return {
      downloadRate: perSecond(downloadedBytes - oldest.downloadedBytes),
      uploadRate: perSecond(uploadedBytes - oldest.uploadedBytes),
    };
  }
}
