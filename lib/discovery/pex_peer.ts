/**
 * Peer exchange with one peer: what it was told of our contacts and when, and what of its own is believed.
 *
 * Every message holds the difference between our contacts and what the peer knows of them, so that whoever
 * came and went in between is not mentioned. Nobody else's word is passed on: a contact is a peer that we
 * are connected to.
 *
 * @module
 */
import { formatAddress, type PeerAddress } from "../base/address.ts";
import { isSharedHost } from "../base/host.ts";
import type { DownloadEvent } from "../events.ts";
import type { PeerRole, Session } from "../peers/session.ts";
import { decodePex, encodePex, PEX_FLAG, type PexContact, type PexMessage } from "./pex_message.ts";

/** Messages to one peer are so far apart, in milliseconds (BEP 11). */
export const MIN_INTERVAL_MS = 60_000;

/** A message names at most so many added, and so many dropped (BEP 11). */
export const MAX_TOLD_CONTACTS = 50;

/** Some clients divide their first message: so many are listened to in any MIN_INTERVAL_MS. */
export const MAX_HEARD_MESSAGES = 6;

/** So many contacts of one peer are followed up at a time: it must drop some before it can add others. */
export const MAX_HEARD_HOSTS = 200;

/**
 * A peer that we are connected to and know how to dial.
 *
 * @internal
 */
export interface Contact {
  readonly session: Session;
  readonly address: PeerAddress;
}

/**
 * What the exchanges with all peers share.
 *
 * @internal
 */
export interface PexShared {
  readonly options: {
    readonly isOwn: (address: PeerAddress) => boolean;
    readonly wantsSeeds: () => boolean;
    readonly report: (event: DownloadEvent) => void;
  };
  /** By their address as text. */
  readonly contacts: ReadonlyMap<string, Contact>;
  /** Differs whenever the contacts are others. */
  readonly version: number;
  /** The peer is a contact from now on, if it has said where it listens. */
  enter(peer: Session): void;
  /** The peer has gone. */
  leave(peer: Session): void;
  /** A peer has named these addresses, which are checked. */
  heard(addresses: readonly PeerAddress[]): void;
}

/**
 * Peer exchange with one peer.
 *
 * @internal
 */
export class PexPeer implements PeerRole {
  readonly #session: Session;
  readonly #shared: PexShared;
  /** The contacts it knows of by us, by their address as text. */
  readonly #told = new Map<string, PeerAddress>();
  #toldVersion = 0;
  #dueAtMs = 0;
  /** The hosts it told us of: one port each, or whoever names many would have us scan them (BEP 11). */
  readonly #heardHosts = new Set<string>();
  /** When its last messages came; undefined once it is listened to no more. */
  #heardAtMs: number[] | undefined = [];

  constructor(session: Session, shared: PexShared) {
    this.#session = session;
    this.#shared = shared;
    shared.enter(session);
  }

  /** A peer that dialled us may have said where it listens. */
  introduced(): void {
    this.#shared.enter(this.#session);
  }

  receiveExtended(payload: Uint8Array): void {
    if (!this.#isInTime()) return;
    const message = decodePex(payload);
    if (message === undefined) return;
    this.#report("received", message);
    for (const { host } of message.dropped) this.#heardHosts.delete(host);
    const addresses = message.added.filter((contact) => this.#isOfUse(contact))
      .map(({ address }) => address);
    if (addresses.length > 0) this.#shared.heard(addresses);
  }

  tick(nowMs: number): void {
    const id = this.#session.extensionId("ut_pex");
    const { version } = this.#shared;
    if (id === undefined || nowMs < this.#dueAtMs || version === this.#toldVersion) return;
    const message = this.#news();
    const isAll = message.added.length < MAX_TOLD_CONTACTS &&
      message.dropped.length < MAX_TOLD_CONTACTS;
    if (isAll) this.#toldVersion = version;
    if (message.added.length + message.dropped.length === 0) return;
    this.#dueAtMs = nowMs + MIN_INTERVAL_MS;
    this.#session.wire.outbox.extended(id, encodePex(message));
    this.#report("sent", message);
  }

  leave(): void {
    this.#shared.leave(this.#session);
  }

  /** What the peer does not know yet, which it is told herewith. */
  #news(): PexMessage {
    const { contacts } = this.#shared;
    const dropped: PeerAddress[] = [];
    for (const [key, address] of this.#told) {
      if (dropped.length === MAX_TOLD_CONTACTS) break;
      if (contacts.has(key)) continue;
      dropped.push(address);
      this.#told.delete(key);
    }
    const added: PexContact[] = [];
    for (const [key, contact] of contacts) {
      if (added.length === MAX_TOLD_CONTACTS) break;
      if (this.#told.has(key) || !this.#mayKnow(contact)) continue;
      added.push({ address: contact.address, flags: flagsOf(contact.session) });
      this.#told.set(key, contact.address);
    }
    return { added, dropped };
  }

  #mayKnow({ session, address }: Contact): boolean {
    return session !== this.#session && isSharedHost(address.host, this.#session.wire.remote.host);
  }

  /** Whether the peer keeps to the pace. One that does not is listened to no more, and may go on otherwise. */
  #isInTime(): boolean {
    const nowMs = this.#session.nowMs;
    const heardAtMs = this.#heardAtMs?.filter((atMs) => atMs > nowMs - MIN_INTERVAL_MS);
    heardAtMs?.push(nowMs);
    const isInTime = heardAtMs !== undefined && heardAtMs.length <= MAX_HEARD_MESSAGES;
    this.#heardAtMs = isInTime ? heardAtMs : undefined;
    return isInTime;
  }

  #isOfUse({ address, flags }: PexContact): boolean {
    const { isOwn, wantsSeeds } = this.#shared.options;
    if (!isSharedHost(address.host, this.#session.wire.remote.host) || isOwn(address)) return false;
    if ((flags & PEX_FLAG.seed) !== 0 && !wantsSeeds()) return false;
    if (this.#heardHosts.has(address.host) || this.#heardHosts.size >= MAX_HEARD_HOSTS) {
      return false;
    }
    this.#heardHosts.add(address.host);
    return true;
  }

  #report(status: "sent" | "received", { added, dropped }: PexMessage): void {
    this.#shared.options.report({
      kind: "pex",
      status,
      address: formatAddress(this.#session.wire.remote),
      added: added.length,
      dropped: dropped.length,
    });
  }
}

/** What there is to say of a contact, of PEX_FLAG. */
function flagsOf({ wire, extension, isSeed }: Session): number {
  return (extension?.prefersEncryption ? PEX_FLAG.prefersEncryption : 0) |
    (isSeed || extension?.isUploadOnly ? PEX_FLAG.seed : 0) |
    (extension?.extensions.has("ut_holepunch") ? PEX_FLAG.holepunch : 0) |
    (wire.isIncoming ? 0 : PEX_FLAG.reachable);
}
