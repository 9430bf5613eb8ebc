/**
 * What the user may say of peers, whether files are downloaded or seeded.
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";
import type { Encryption } from "../peers/encryption.ts";
import type { RateLimits } from "../peers/throttle.ts";

/** With whom to connect, and how. */
export interface PeerOptions {
  /** Peers to dial besides those that trackers name. */
  readonly peers?: readonly PeerAddress[];
  /** The port to listen on. @default a random one of 49152 to 65535 */
  readonly port?: number;
  /** Whether peers may dial us. @default true */
  readonly listens?: boolean;
  /** The local address for everything; nothing is sent from another one. @default any */
  readonly bind?: string;
  /** How many peers to be connected to at most. @default 200 */
  readonly maxPeers?: number;
  /** Which connections are encrypted (MSE). @default "allow" */
  readonly encryption?: Encryption;
  /** The most that is received and sent over all connections to peers, in bytes per second. @default no limits */
  readonly limits?: RateLimits;
  /** Whether to exchange addresses with peers (BEP 11); with a private torrent that is never done. @default true */
  readonly usePex?: boolean;
  /** Whether to ask the gateway of a private network to let peers in. @default true */
  readonly usePortMapping?: boolean;
}

/**
 * Refuses numbers that would stop everything: a limit of 0, which elsewhere may mean none, is one of 0.
 *
 * @throws {RangeError}
 */
export function checkPeerOptions({ maxPeers = 1, limits = {} }: PeerOptions): void {
  if (!Number.isSafeInteger(maxPeers) || maxPeers < 1) {
    throw new RangeError(`Cannot connect to ${maxPeers} peers at most: it is no number from 1 on`);
  }
  for (const rate of [limits.down ?? 1, limits.up ?? 1]) {
    if (Number.isFinite(rate) && rate >= 1) continue;
    throw new RangeError(`Cannot limit to ${rate} bytes per second: leave it out for no limit`);
  }
}
