/**
 * Two trackers in this process, one over HTTP and one over UDP, that note who asks them. The HTTP one
 * holds its answer back until the UDP one was asked: nobody is done before both have seen him.
 *
 * @module
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { announceUrl } from "./opentracker.ts";
import { LOOPBACK } from "./loopback.ts";

const CONNECT_ACTION = 0;
const ANNOUNCE_ACTION = 1;

/** The two trackers, running; their disposal ends them. */
export class WitnessTrackers implements AsyncDisposable {
  readonly #http: Deno.HttpServer<Deno.NetAddr>;
  readonly #udp: Socket;
  readonly #peerPort: number;
  readonly #httpHosts = new Set<string>();
  readonly #udpHosts = new Set<string>();
  readonly #askedOverUdp = Promise.withResolvers<void>();

  private constructor(peerPort: number, udp: Socket) {
    this.#peerPort = peerPort;
    this.#udp = udp;
    udp.on("message", (message, sender) => this.#answerUdp(message, sender));
    this.#http = Deno.serve(
      { hostname: LOOPBACK, port: 0, onListen: () => {} },
      (_request, { remoteAddr }) => this.#answerHttp(remoteAddr.hostname),
    );
  }

  /** Starts both; the HTTP one answers with the peer at `peerPort` on loopback, the UDP one with none. */
  static async start(peerPort: number): Promise<WitnessTrackers> {
    const udp = createSocket("udp4");
    const bound = once(udp, "listening");
    udp.bind(0, LOOPBACK);
    await bound;
    return new WitnessTrackers(peerPort, udp);
  }

  get httpUrl(): string {
    return announceUrl("http", this.#http.addr.port);
  }

  get udpUrl(): string {
    return announceUrl("udp", this.#udp.address().port);
  }

  /** The hosts that asked, each once. */
  get hosts(): { readonly http: readonly string[]; readonly udp: readonly string[] } {
    return { http: [...this.#httpHosts], udp: [...this.#udpHosts] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#askedOverUdp.resolve();
    const closed = once(this.#udp, "close");
    this.#udp.close();
    await Promise.all([closed, this.#http.shutdown()]);
  }

  async #answerHttp(host: string): Promise<Response> {
    this.#httpHosts.add(host);
    await this.#askedOverUdp.promise;
    const peer = [...LOOPBACK.split(".").map(Number), this.#peerPort >> 8, this.#peerPort & 0xff];
    const encoder = new TextEncoder();
    return new Response(Uint8Array.from([
      ...encoder.encode("d8:intervali1800e5:peers6:"),
      ...peer,
      ...encoder.encode("e"),
    ]));
  }

  /** BEP 15: a connection id for a connect, an interval without peers for an announce. */
  #answerUdp(message: Uint8Array, sender: RemoteInfo): void {
    const request = new DataView(message.buffer, message.byteOffset, message.byteLength);
    const action = request.getUint32(8);
    const transactionId = request.getUint32(12);
    const reply = new DataView(new ArrayBuffer(action === CONNECT_ACTION ? 16 : 20));
    reply.setUint32(0, action);
    reply.setUint32(4, transactionId);
    reply.setUint32(8, 1800);
    this.#udp.send(new Uint8Array(reply.buffer), sender.port, sender.address);
    if (action !== ANNOUNCE_ACTION) return;
    this.#udpHosts.add(sender.address);
    this.#askedOverUdp.resolve();
  }
}
