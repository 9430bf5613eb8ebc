/**
 * Our addresses as others see them: peers (BEP 10), trackers (BEP 24), the gateway. Each may err, or lie, so
 * they are counted like votes.
 *
 * @module
 */
import { formatHost } from "../base/compact.ts";
import { isPeerHost, isPrivateHost } from "../base/host.ts";
import { isIPv4 } from "../base/ip.ts";
import type { PeerRole, Role, Session } from "./session.ts";

/** How many votes are remembered, the newest. */
export const MAX_VOTES = 64;

/** Counts what it is told, as a role: by peers. */
export class ExternalAddress implements Role {
  /** Called when it is another address from now on. */
  onChange: () => void = () => {};
  /** By voter, the latest last. */
  readonly #votes = new Map<string, string>();
  readonly #standIns = { four: randomHost(4), six: randomHost(16) };
  readonly #winners: Record<"four" | "six", string | undefined> = {
    four: undefined,
    six: undefined,
  };

  /** Our address in the family of `host`; undefined while nobody has seen a public one. */
  seenFrom(host: string): string | undefined {
    return this.#winners[familyOf(host)];
  }

  /** The same; while it is unknown, a random one: or all who do not know theirs would prefer the same peers. */
  assumedFrom(host: string): string {
    return this.seenFrom(host) ?? this.#standIns[familyOf(host)];
  }

  /**
   * Somebody sees us there. An address that is not public is no vote: it is seen from near us.
   *
   * @param voter of whom only the latest vote counts, such as a host
   */
  vote(host: string, voter: string): void {
    if (isPrivateHost(host) || !isPeerHost(host)) return;
    this.#votes.delete(voter);
    this.#votes.set(voter, host);
    const [oldest] = this.#votes.keys();
    if (this.#votes.size > MAX_VOTES && oldest !== undefined) this.#votes.delete(oldest);
    this.#count(familyOf(host));
  }

  /** Its first word counts: our end of a connection does not move, and each change has all peers ranked anew. */
  join(peer: Session): PeerRole {
    let hasVoted = false;
    return {
      introduced: () => {
        const yourip = peer.extension?.yourip;
        if (yourip === undefined || hasVoted) return;
        hasVoted = true;
        this.vote(formatHost(yourip), peer.wire.remote.host);
      },
    };
  }

  /** Who leads stays so until another has more votes. */
  #count(family: "four" | "six"): void {
    const counts = new Map<string, number>();
    for (const host of this.#votes.values()) {
      if (familyOf(host) === family) counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    let winner = this.#winners[family];
    for (const [host, count] of counts) {
      if (count > (counts.get(winner ?? "") ?? 0)) winner = host;
    }
    if (winner === this.#winners[family]) return;
    this.#winners[family] = winner;
    this.onChange();
  }
}

function familyOf(host: string): "four" | "six" {
  return isIPv4(host) ? "four" : "six";
}

function randomHost(lengthBytes: number): string {
  return formatHost(crypto.getRandomValues(new Uint8Array(lengthBytes)));
}
