/**
 * Peer exchange (BEP 11): peers tell each other whom they are connected to. This is the role, and the list
 * of our contacts; what passes between us and one peer is in pex_peer.ts.
 *
 * @module
 */
import { formatAddress, type PeerAddress } from "../base/address.ts";
import { Channel } from "../base/async.ts";
import { hostBytes } from "../base/compact.ts";
import type { DownloadEvent } from "../events.ts";
import type { Role, Session } from "../peers/session.ts";
import { type Contact, PexPeer, type PexShared } from "./pex_peer.ts";

/** How many messages of peers may wait to be looked at; of more, the newest are dropped. */
const MAX_WAITING = 64;

/** What peer exchange needs. */
export interface PexOptions {
  /** Whether an address is one of ours: nobody is to dial himself. */
  readonly isOwn: (address: PeerAddress) => boolean;
  /** Whether a peer that has everything is of use to us. */
  readonly wantsSeeds: () => boolean;
  /** Told of each message, sent and received. */
  readonly report: (event: DownloadEvent) => void;
}

/** Peer exchange with everybody. Not for private torrents (BEP 27). */
export class Pex implements Role, PexShared {
  readonly extension = "ut_pex";
  /** What peers tell of, a list per message; it never ends by itself. */
  readonly addresses = new Channel<readonly PeerAddress[]>(MAX_WAITING);
  readonly options: PexOptions;
  readonly #contacts = new Map<string, Contact>();
  /** Where each peer is among them: at one place, or one that names many would fill what others are told. */
  readonly #keys = new Map<Session, string>();
  #version = 0;

  constructor(options: PexOptions) {
    this.options = options;
  }

  get contacts(): ReadonlyMap<string, Contact> {
    return this.#contacts;
  }

  get version(): number {
    return this.#version;
  }

  join(peer: Session): PexPeer {
    return new PexPeer(peer, this);
  }

  enter(peer: Session): void {
    const address = peer.listensAt;
    // What cannot be packed, such as a host's name, cannot be told.
    if (address === undefined || hostBytes(address.host) === undefined) return;
    const key = formatAddress(address);
    if (this.#keys.has(peer)) return;
    // Of two connections to one peer the first may be about to end.
    const former = this.#contacts.get(key);
    if (former === undefined) this.#version++;
    else this.#keys.delete(former.session);
    this.#keys.set(peer, key);
    this.#contacts.set(key, { session: peer, address });
  }

  leave(peer: Session): void {
    const key = this.#keys.get(peer);
    if (key === undefined) return;
    this.#keys.delete(peer);
    this.#contacts.delete(key);
    this.#version++;
  }

  heard(addresses: readonly PeerAddress[]): void {
    this.addresses.push(addresses);
  }
}
