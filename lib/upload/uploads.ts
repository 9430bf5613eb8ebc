/**
 * What we give: the uploaders of all peers, whom of them is served, and what that takes from the disk.
 *
 * @module
 */
import type { Ledger } from "../ledger.ts";
import type { Role, Session } from "../peers/session.ts";
import { Choker, ROUND_MS, slotsFor, type World } from "./choker.ts";
import { ReadCache } from "./read_cache.ts";
import { type Shared, Uploader } from "./uploader.ts";

/** How much waits to be written to each of a few peers, in bytes: seven blocks fill 128 KiB. */
const FEW_OUTBOX_BYTES = 108 * 1024;

/** The same where there are more: three blocks fill 64 KiB. */
const MANY_OUTBOX_BYTES = 44 * 1024;

/** More peers than this are many. */
const FEW_PEERS = 16;

/** How often the rate of all uploads is measured, in milliseconds. */
const MEASURE_MS = 1_000;

/** The share of the newest measurement in the rate. */
const NEWEST = 0.3;

/** What is uploaded, from where, and who counts. */
export interface UploadsOptions {
  readonly ledger: Ledger;
  /** Where pieces are read, once verified; see Store.read(). */
  readonly read: (offset: number, into: Uint8Array) => Promise<void>;
  /** Told payload that was sent. */
  readonly count: (lengthBytes: number) => void;
  /** Told a failure of the disk: it ends more than a peer. */
  readonly onFailure: (error: unknown) => void;
  /** In [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** The uploader's part towards everybody, as the swarm's role. */
export class Uploads implements Role, Shared {
  readonly ledger: Ledger;
  readonly cache: ReadCache;
  readonly count: Shared["count"];
  readonly #uploaders = new Set<Uploader>();
  readonly #choker: Choker<Uploader>;
  /** What each had received and sent at the last round. */
  readonly #before = new Map<Uploader, { readonly received: number; readonly sent: number }>();
  #dealtAtMs = 0;
  #measuredAtMs = 0;
  #sentBytes = 0;
  #measuredBytes = 0;
  #bytesPerSecond = 0;
  #nowMs = 0;

  constructor({ ledger, read, count, onFailure, random }: UploadsOptions) {
    this.ledger = ledger;
    this.cache = new ReadCache({ geometry: ledger.geometry, read, onFailure });
    this.#choker = new Choker(random);
    this.count = (lengthBytes) => {
      this.#sentBytes += lengthBytes;
      count(lengthBytes);
    };
  }

  get outboxBytes(): number {
    return this.#uploaders.size > FEW_PEERS ? MANY_OUTBOX_BYTES : FEW_OUTBOX_BYTES;
  }

  /** Many keep the disk busy by what they wait for, and would throw each other's units out. */
  get readsAhead(): boolean {
    return this.#uploaders.size <= FEW_PEERS;
  }

  join(peer: Session): Uploader {
    const uploader = new Uploader(peer, this);
    this.#uploaders.add(uploader);
    return uploader;
  }

  changed(uploader: Uploader): void {
    this.#nowMs = uploader.session.nowMs;
    this.#fill();
  }

  left(uploader: Uploader): void {
    this.#uploaders.delete(uploader);
    this.#before.delete(uploader);
    if (uploader.isUnchoked) this.#fill();
  }

  /** Called a few times a second. @param nowMs the swarm's clock */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (nowMs - this.#measuredAtMs >= MEASURE_MS) this.#measure();
    if (nowMs - this.#dealtAtMs >= ROUND_MS) this.#deal();
  }

  get #world(): World {
    const slots = slotsFor(this.#bytesPerSecond);
    return { nowMs: this.#nowMs, slots, isSeeding: this.ledger.isComplete };
  }

  #measure(): void {
    const bytes = this.#sentBytes - this.#measuredBytes;
    const rate = (bytes * 1000) / (this.#nowMs - this.#measuredAtMs);
    this.#bytesPerSecond += NEWEST * (rate - this.#bytesPerSecond);
    this.#measuredBytes = this.#sentBytes;
    this.#measuredAtMs = this.#nowMs;
    // More may be served than before.
    if (bytes > 0) this.#fill();
  }

  #deal(): void {
    const seconds = (this.#nowMs - this.#dealtAtMs) / 1000;
    this.#dealtAtMs = this.#nowMs;
    for (const uploader of this.#uploaders) this.#rate(uploader, seconds);
    const served = this.#choker.deal([...this.#uploaders], this.#world);
    for (const uploader of this.#uploaders) {
      if (served.has(uploader) === uploader.isUnchoked) continue;
      if (uploader.isUnchoked) uploader.choke();
      else uploader.unchoke();
      uploader.wake();
    }
  }

  #rate(uploader: Uploader, seconds: number): void {
    const now = { received: uploader.session.receivedBytes, sent: uploader.sentBytes };
    const before = this.#before.get(uploader) ?? { received: 0, sent: 0 };
    uploader.receivedRate = (now.received - before.received) / seconds;
    uploader.sentRate = (now.sent - before.sent) / seconds;
    this.#before.set(uploader, now);
  }

  #fill(): void {
    for (const uploader of this.#choker.fill([...this.#uploaders], this.#world)) {
      uploader.unchoke();
      uploader.wake();
    }
  }
}
