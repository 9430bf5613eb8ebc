/**
 * What is said to a tracker and what it answers, whatever carries it.
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";

/** What an announce is for; "update" is the regular one, that HTTP sends without an event. */
export type AnnounceEvent = "update" | "started" | "completed" | "stopped";

/** One announce (BEP 3). */
export interface AnnounceRequest {
  /** 20 bytes: the swarm. */
  readonly infoHash: Uint8Array;
  /** 20 bytes: ourselves. */
  readonly peerId: Uint8Array;
  /** Where we listen. */
  readonly port: number;
  readonly uploadedBytes: number;
  readonly downloadedBytes: number;
  readonly leftBytes: number;
  readonly event: AnnounceEvent;
  /** How many peers are wanted. */
  readonly numWant: number;
  /** 32 bits that prove to the tracker that we are the same when our address changes. */
  readonly key: number;
  /** What the tracker asked to be told again (BEP 3's `trackerid`). */
  readonly trackerId?: Uint8Array | undefined;
}

/** A tracker's answer; its numbers are as it gave them (see interval.ts). */
export interface AnnounceReply {
  readonly peers: readonly PeerAddress[];
  readonly intervalSeconds?: number | undefined;
  readonly minIntervalSeconds?: number | undefined;
  /** A text from outside: not yet fit to be shown. */
  readonly warning?: string | undefined;
  readonly trackerId?: Uint8Array | undefined;
  /** Our own address as the tracker sees it (BEP 24). */
  readonly externalHost?: string | undefined;
}
