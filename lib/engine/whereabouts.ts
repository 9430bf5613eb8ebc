/**
 * Where peers reach us: the port that we listen on, what the gateway makes of it, and how others see us.
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";
import { isPrivateHost, isThisMachine } from "../base/host.ts";
import type { DownloadEvent } from "../events.ts";
import { ExternalAddress } from "../peers/external_address.ts";
import { listen } from "../peers/listen.ts";
import { peerPriority } from "../peers/priority.ts";
import type { PeerOptions } from "./peer_options.ts";
import type { KeepMappedOptions } from "../reach/port_mapping.ts";

/** Where to listen, and how to let peers in. */
export interface WhereaboutsOptions
  extends Pick<PeerOptions, "port" | "bind" | "listens" | "usePortMapping"> {
  readonly report: (event: DownloadEvent) => void;
  readonly signal: AbortSignal;
}

/** Owns the listener, unless connect() takes it over. */
export class Whereabouts implements AsyncDisposable {
  /** How others see us. */
  readonly external: ExternalAddress = new ExternalAddress();
  /** Undefined where nobody may dial us. */
  readonly listener: Deno.TcpListener | undefined;
  readonly #options: WhereaboutsOptions;
  readonly #ownPort: number;
  #port: number;
  #mapping: Promise<void> | undefined;

  /** @throws when the port that was asked for cannot be listened on */
  constructor(options: WhereaboutsOptions) {
    const { port, bind, listens = true } = options;
    this.#options = options;
    if (listens) this.listener = listen({ port, bind });
    this.#port = this.#ownPort = this.listener?.addr.port ?? 0;
  }

  /** Where peers can dial us, 0 for nowhere: another port than our own, when the gateway has mapped it so. */
  get port(): number {
    return this.#port;
  }

  /** Whether whoever dials there reaches us, as far as we know. */
  isOwn({ host, port }: PeerAddress): boolean {
    if (port !== this.#ownPort && port !== this.#port) return false;
    const { bind } = this.#options;
    if (host === this.external.seenFrom(host)) return true;
    return bind === undefined ? isThisMachine(host) : host === bind;
  }

  /** How much a peer there and we should want to be connected (BEP 40). */
  priorityOf(theirs: PeerAddress): number {
    const host = this.external.assumedFrom(theirs.host);
    return peerPriority({ host, port: this.#ownPort }, theirs);
  }

  /** Peers beyond our network can dial us if its gateway has a port for us; for others it is not asked. */
  letIn(peers: readonly PeerAddress[]): void {
    const { usePortMapping = true, bind, report, signal } = this.#options;
    if (!usePortMapping || this.listener === undefined) return;
    if (peers.every(({ host }) => isPrivateHost(host))) return;
    const port = this.#ownPort;
    const onMapped: KeepMappedOptions["onMapped"] = ({ externalHost, externalPort }) => {
      this.#port = externalPort;
      if (externalHost !== undefined) this.external.vote(externalHost, "the gateway");
    };
    // Loaded here, for most runs never get here. Whatever fails in it, the rest can do without.
    this.#mapping ??= import("../reach/port_mapping.ts")
      .then(({ keepMapped }) => keepMapped({ port, bind, signal, report, onMapped }))
      .catch(({ message }) => report({ kind: "mapping", status: "failed", message }));
  }

  /** Lets nobody in any more. */
  close(): void {
    this.listener?.[Symbol.dispose]();
  }

  /** Waits until the gateway has taken the port back; the signal must have aborted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#mapping;
  }
}
