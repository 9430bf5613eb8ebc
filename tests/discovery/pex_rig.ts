/** Peer exchange with peers in memory, for pex_test.ts. */
import type { PeerAddress } from "../../lib/base/address.ts";
import { delay } from "../../lib/base/async.ts";
import { PeerError } from "../../lib/base/errors.ts";
import { Pex } from "../../lib/discovery/pex.ts";
import {
  decodePex,
  encodePex,
  type PexContact,
  type PexMessage,
} from "../../lib/discovery/pex_message.ts";
import type { DownloadEvent } from "../../lib/events.ts";
import { encodeExtensionHandshake, EXTENSION_HANDSHAKE_ID } from "../../lib/peers/extension.ts";
import { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import { FakePeer } from "../support/fake_peer.ts";

/** The id under which we take messages: the role is the only one. */
export const OUR_ID = 1;
/** The id under which the peers of these tests do. */
export const THEIR_ID = 9;

/** What the role takes for ourselves. */
export const OWN: PeerAddress = { host: "8.8.8.8", port: 1 };

/** Ours, and peers that take part as the test says. */
export class Rig implements AsyncDisposable {
  readonly pex: Pex;
  readonly events: DownloadEvent[] = [];
  readonly #peers: FakePeer[] = [];
  #nowMs = 0;
  wantsSeeds = true;

  constructor() {
    this.pex = new Pex({
      isOwn: ({ host, port }) => host === OWN.host && port === OWN.port,
      wantsSeeds: () => this.wantsSeeds,
      report: (event) => this.events.push(event),
    });
  }

  /** A peer that takes peer exchange; `listensOn` is the port that one that dialled us names. */
  async connect(host: string, listensOn?: number): Promise<FakePeer> {
    const isIncoming = listensOn !== undefined;
    const peer = new FakePeer(this.pex, {
      bitfieldLength: 1,
      nowMs: this.#nowMs,
      buffers: new ReadBuffers(),
      remote: { host, port: isIncoming ? 50_000 : 6881 },
      isIncoming,
    });
    this.#peers.push(peer);
    await say(peer, { m: THEIR_ID, ...(isIncoming ? { port: listensOn } : {}) });
    return peer;
  }

  /** Peers that say nothing. */
  connectMany(hosts: readonly string[]): readonly FakePeer[] {
    const options = { bitfieldLength: 1, nowMs: this.#nowMs };
    const peers = hosts.map((host) => {
      const remote = { host, port: 6881 };
      return new FakePeer(this.pex, { ...options, remote, buffers: new ReadBuffers() });
    });
    this.#peers.push(...peers);
    return peers;
  }

  async tick(afterMs = 250): Promise<void> {
    this.#nowMs += afterMs;
    for (const peer of this.#peers) {
      peer.says.keepAlive();
      await peer.send();
      peer.tick(this.#nowMs);
    }
    await delay(0); // what was said is written by then
  }

  async leave(peer: FakePeer): Promise<void> {
    this.#peers.splice(this.#peers.indexOf(peer), 1);
    await hangUp(peer);
    peer.session.leave();
  }

  /** What was handed on so far, a list per message. */
  async heard(): Promise<readonly PeerAddress[]> {
    this.pex.addresses.close();
    return (await Array.fromAsync(this.pex.addresses)).flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) await hangUp(peer);
  }
}

async function hangUp(peer: FakePeer): Promise<void> {
  peer.session.wire.close(new PeerError("enough", "surplus"));
  await peer.ended;
}

/** Its extension handshake: the id of peer exchange, and where it listens. */
export async function say(
  peer: FakePeer,
  { m, port }: { readonly m: number; readonly port?: number },
): Promise<void> {
  const extensions = new Map([["ut_pex", m]]);
  const payload = encodeExtensionHandshake({
    reqq: 1,
    client: "x",
    extensions,
    ...(port === undefined ? {} : { port }),
  });
  peer.says.extended(EXTENSION_HANDSHAKE_ID, payload);
  await peer.send();
}

/** A message of peer exchange. */
export async function tell(peer: FakePeer, message: Partial<PexMessage>): Promise<void> {
  peer.says.extended(OUR_ID, encodePex({ added: [], dropped: [], ...message }));
  await peer.send();
}

/** What the peer was told since the last call, as text. */
export function toldTo(peer: FakePeer): string[] {
  return peer.payloads.splice(0).map((payload) => {
    const { added = [], dropped = [] } = decodePex(payload) ?? {};
    return [
      ...added.map(({ address: { host, port } }) => `+${host}:${port}`),
      ...dropped.map(({ host, port }) => `-${host}:${port}`),
    ].join(" ");
  });
}

/** What such a message names. */
export function contact(host: string, options: { port?: number; flags?: number } = {}): PexContact {
  return { address: { host, port: options.port ?? 6881 }, flags: options.flags ?? 0 };
}
