/** An HTTP tracker in this process that writes down what it is told. */
import { formatAddress, type PeerAddress } from "../../lib/base/address.ts";

/** One announce. */
export interface RecordedAnnounce {
  /** `update` where the client named none. */
  readonly event: string;
  readonly port: number;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly left: number;
  readonly numwant: number;
}

/** What the tracker answers. */
export interface HttpTrackerOptions {
  readonly peers?: readonly PeerAddress[];
  /** Replaces the answer, so that it can fail or never come; `undefined` answers as usual. */
  readonly answer?: (announce: RecordedAnnounce) => Promise<Response> | Response | undefined;
}

/** Listens as soon as it is made; whoever makes it disposes it. */
export class HttpTracker implements AsyncDisposable {
  readonly announces: RecordedAnnounce[] = [];
  readonly url: string;
  peers: readonly PeerAddress[];
  readonly #options: HttpTrackerOptions;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #end = new AbortController();
  #heard = Promise.withResolvers<void>();

  constructor(options: HttpTrackerOptions = {}) {
    this.#options = options;
    this.peers = options.peers ?? [];
    const { signal } = this.#end;
    const place = { hostname: "127.0.0.1", port: 0, onListen() {}, signal };
    this.#server = Deno.serve(place, (request) => this.#answer(request));
    this.url = `http://127.0.0.1:${this.#server.addr.port}/announce`;
  }

  /** The events of the announces so far. */
  get events(): string[] {
    return this.announces.map(({ event }) => event);
  }

  /** Resolves once it was told so many things. */
  async until(count: number): Promise<void> {
    while (this.announces.length < count) await this.#heard.promise;
  }

  #answer(request: Request): Promise<Response> | Response {
    const { searchParams } = new URL(request.url);
    const number = (name: string) => Number(searchParams.get(name) ?? NaN);
    const announce = {
      event: searchParams.get("event") ?? "update",
      port: number("port"),
      uploaded: number("uploaded"),
      downloaded: number("downloaded"),
      left: number("left"),
      numwant: number("numwant"),
    };
    this.announces.push(announce);
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
    return this.#options.answer?.(announce) ?? new Response(encodeReply(this.peers));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#server.finished;
  }
}

/** A compact reply (BEP 23); the least interval there is. */
function encodeReply(peers: readonly PeerAddress[]): Uint8Array<ArrayBuffer> {
  const compact = peers.flatMap((peer) => compactOf(peer));
  const head = new TextEncoder().encode(`d8:intervali1800e5:peers${compact.length}:`);
  return new Uint8Array([...head, ...compact, "e".charCodeAt(0)]);
}

function compactOf(peer: PeerAddress): number[] {
  const bytes = peer.host.split(".").map(Number);
  if (bytes.length !== 4) throw new RangeError(`Cannot name ${formatAddress(peer)}: IPv4 only`);
  return [...bytes, peer.port >> 8, peer.port & 0xff];
}
