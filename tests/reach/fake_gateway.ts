/** A gateway on loopback that maps ports, or does not, as a test says. */
import type { PeerAddress } from "../../lib/base/address.ts";
import { UdpSocket } from "../../lib/base/udp_socket.ts";
import { textOf } from "../../lib/reach/igd_message.ts";

/** Where it is. */
export const GATEWAY_HOST = "127.0.0.1";
/** Whom it serves. */
export const LOCAL_HOST = "127.0.0.2";

/** What it answers; where there is nothing, it is silent. */
export interface FakeGatewayOptions {
  readonly pcp?: (request: Uint8Array, from: PeerAddress) => Uint8Array | undefined;
  readonly natPmp?: (request: Uint8Array) => Uint8Array | undefined;
  /** The Location that a search is answered with, given that of the description. */
  readonly location?: (own: string) => string;
  readonly description?: () => Response;
  /** By action; what is missing is done. */
  readonly calls?: Readonly<Record<string, (body: string) => Response | Promise<Response>>>;
}

/** One gateway; it listens once it is started. */
export class FakeGateway implements AsyncDisposable {
  /** What it was asked, such as `pcp 6881 3600` or `AddPortMapping 6881`. */
  readonly asked: string[] = [];
  readonly #options: FakeGatewayOptions;
  readonly #ports = new UdpSocket({ bind: GATEWAY_HOST });
  readonly #ssdp = new UdpSocket({ bind: GATEWAY_HOST });
  readonly #http: Deno.HttpServer<Deno.NetAddr>;
  readonly #end = new AbortController();
  #changed = Promise.withResolvers<void>();
  gatewayPort = 0;
  ssdpPort = 0;

  constructor(options: FakeGatewayOptions) {
    this.#options = options;
    this.#ports.subscribe(({ bytes, from }) => this.#answer(bytes, from));
    this.#ssdp.subscribe(({ from }) => this.#beFound(from));
    const { signal } = this.#end;
    const place = { hostname: GATEWAY_HOST, port: 0, onListen() {}, signal };
    this.#http = Deno.serve(place, (request) => this.#serve(request));
  }

  static async start(options: FakeGatewayOptions): Promise<FakeGateway> {
    const gateway = new FakeGateway(options);
    gateway.gatewayPort = await gateway.#ports.listen();
    gateway.ssdpPort = await gateway.#ssdp.listen();
    return gateway;
  }

  /** Resolves once it was asked so many things. */
  async until(count: number): Promise<void> {
    while (this.asked.length < count) await this.#changed.promise;
  }

  #note(what: string): void {
    this.asked.push(what);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #answer(request: Uint8Array, from: PeerAddress): boolean {
    const view = new DataView(request.buffer, request.byteOffset);
    const isPcp = request[0] === 2;
    if (isPcp) this.#note(`pcp ${view.getUint16(40)} ${view.getUint32(4)}`);
    else if (request[1] === 0) this.#note("nat-pmp address");
    else this.#note(`nat-pmp ${view.getUint16(4)} ${view.getUint32(8)}`);
    const answer = isPcp ? this.#options.pcp?.(request, from) : this.#options.natPmp?.(request);
    if (answer !== undefined) this.#ports.send(answer, from);
    return true;
  }

  #beFound(from: PeerAddress): boolean {
    const { location } = this.#options;
    if (location === undefined) return true;
    const place = location(`http://${GATEWAY_HOST}:${this.#http.addr.port}/root.xml`);
    const reply = `HTTP/1.1 200 OK\r\nLOCATION: ${place}\r\n\r\n`;
    this.#ssdp.send(new TextEncoder().encode(reply), from);
    return true;
  }

  async #serve(request: Request): Promise<Response> {
    if (request.method === "GET") {
      this.#note("description");
      return this.#options.description?.() ?? new Response(DESCRIPTION);
    }
    const action = /#(\w+)"$/.exec(request.headers.get("soapaction") ?? "")?.[1] ?? "";
    const body = await request.text();
    this.#note([action, textOf(body, "NewExternalPort") ?? ""].join(" ").trim());
    return await this.#options.calls?.[action]?.(body) ?? new Response("<done/>");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#http.finished;
    await this.#ports[Symbol.asyncDispose]();
    await this.#ssdp[Symbol.asyncDispose]();
  }
}

const DESCRIPTION = `<?xml version="1.0"?><root><device><serviceList><service>
<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>
<controlURL>/control</controlURL></service></serviceList></device></root>`;

/** PCP's answer to a request: what it wants, or this. */
export function pcpAnswer(
  request: Uint8Array,
  { result = 0, externalPort, lifetimeSeconds }: {
    readonly result?: number;
    readonly externalPort?: number;
    readonly lifetimeSeconds?: number;
  } = {},
): Uint8Array {
  const answer = request.slice();
  const view = new DataView(answer.buffer);
  answer[1] = 0x81;
  answer[3] = result;
  if (externalPort !== undefined) view.setUint16(42, externalPort);
  if (lifetimeSeconds !== undefined) view.setUint32(4, lifetimeSeconds);
  answer.set([198, 51, 100, 7], 56);
  return answer;
}

/** NAT-PMP's answer to a request of any kind, PCP's included. */
export function natPmpAnswer(request: Uint8Array, result = 0): Uint8Array {
  if (request[0] !== 0) return Uint8Array.of(0, 0x81, 0, 1, 0, 0, 0, 1);
  const head = [0, 128 + (request[1] ?? 0), 0, result, 0, 0, 0, 1];
  if (request[1] === 0) return Uint8Array.of(...head, 198, 51, 100, 8);
  return Uint8Array.of(...head, ...request.subarray(4, 12));
}

/** A refusal over SOAP. */
export function soapFault(code: number): Response {
  return new Response(`<errorCode>${code}</errorCode>`, { status: 500 });
}
