/**
 * Who lied and is not to be spoken to again. Pure: what a lie is, others decide.
 *
 * @module
 */
import { canonicalHost, formatAddress, isLoopback } from "../base/address.ts";

/** How many addresses and peers are remembered of each sort; beyond that the oldest are forgotten. */
const MAX_ENTRIES = 10_000;

/** A peer as the rule sees it. */
export interface BanSubject {
  /** An IP literal, in any spelling. */
  readonly host: string;
  /** Where it listens; of an incoming peer only if it told. */
  readonly port?: number;
  /** 20 bytes, once the handshake is there. */
  readonly peerId?: Uint8Array;
  /** Whether it called us: its port then says nothing, so a new connection is a new face. */
  readonly incoming: boolean;
}

/**
 * The rule: a liar is banned by its address and port and by its peer id. The second liar from one
 * address, or one that called us, bans the address whole: or else it would come back from the next
 * port under the next id. Loopback is never banned whole: many peers of one machine meet there.
 */
export class BanList {
  readonly #hosts = new Set<string>();
  readonly #addresses = new Set<string>();
  readonly #peers = new Set<string>();
  /** Hosts that one liar was at. */
  readonly #suspects = new Set<string>();

  /** Bans a liar; tells whether its whole address is banned now. */
  ban(subject: BanSubject): "peer" | "host" {
    const host = canonicalHost(subject.host);
    const isKnown = this.isBanned(subject); // the same liar caught again is no second liar
    if (subject.port !== undefined && !subject.incoming) {
      add(this.#addresses, addressKey(host, subject.port));
    }
    if (subject.peerId !== undefined) add(this.#peers, peerKey(host, subject.peerId));
    if (this.#hosts.has(host)) return "host";
    if (isLoopback(host) || (isKnown && !subject.incoming)) return "peer";
    if (!subject.incoming && !this.#suspects.has(host)) {
      add(this.#suspects, host);
      return "peer";
    }
    add(this.#hosts, host);
    return "host";
  }

  /** Whether a peer, as far as it is known, is banned. */
  isBanned(subject: BanSubject): boolean {
    const host = canonicalHost(subject.host);
    if (this.#hosts.has(host)) return true;
    if (subject.port !== undefined && this.#addresses.has(addressKey(host, subject.port))) {
      return true;
    }
    return subject.peerId !== undefined && this.#peers.has(peerKey(host, subject.peerId));
  }
}

function addressKey(host: string, port: number): string {
  return formatAddress({ host, port });
}

/** A peer id is banned together with its address only: a liar that borrows the id of another must not ban that one. */
function peerKey(host: string, peerId: Uint8Array): string {
  return `${host} ${peerId.toHex()}`;
}

function add(set: Set<string>, key: string): void {
  set.add(key);
  if (set.size <= MAX_ENTRIES) return;
  for (const oldest of set) {
    set.delete(oldest);
    break;
  }
}
