/**
 * Mapping a port by UPnP (Internet Gateway Device 1 and 2). Only the gateway itself is ever talked to,
 * whatever it or somebody in its name answers.
 *
 * @module
 */
import { TimeLimit } from "../base/clock.ts";
import { isIPv4 } from "../base/ip.ts";
import { exchange } from "./exchange.ts";
import {
  decodeSearchReply,
  encodeCall,
  encodeSearches,
  findService,
  IGD_ERROR,
  type IgdService,
  SSDP_GROUP,
  SSDP_PORT,
  textOf,
} from "./igd_message.ts";
import {
  LEASE_SECONDS,
  type Mapper,
  type MapperOptions,
  type Mapping,
  MappingError,
} from "./mapper.ts";

/** The longest description or reply that is read, in bytes: they have some ten thousand. */
export const MAX_XML_LENGTH = 128 * 1024;

/** How long a gateway may take over one call, in milliseconds: they are slow machines. */
const CALL_LIMIT_MS = 5_000;

/** How many external ports are tried where others have them. */
const MAX_PORTS = 4;

/** A call that the gateway refuses. */
type Refusal = { readonly kind: "refused"; readonly code: number };

type CallResult = { readonly kind: "done"; readonly xml: string } | Refusal;

/** Asks a gateway that speaks UPnP. */
export class IgdMapper implements Mapper {
  readonly #options: MapperOptions;
  /** Whom to ask, if that has worked: after a failure it may be elsewhere. */
  #service: IgdService | undefined;
  /** What was given last, if anything, and by whom. */
  #given: { readonly service: IgdService; readonly externalPort: number } | undefined;

  constructor(options: MapperOptions) {
    this.#options = options;
  }

  async map(signal: AbortSignal): Promise<Mapping> {
    using http = this.#client();
    const service = this.#service ?? await this.#find(http, signal);
    this.#service = undefined;
    const mapping = await this.#add(http, service, signal);
    this.#service = service;
    this.#given = { service, externalPort: mapping.externalPort };
    const externalHost = await this.#findExternalHost(http, service, signal);
    return externalHost === undefined ? mapping : { ...mapping, externalHost };
  }

  /** Undefined where the gateway does not say: the port is ours all the same, and is to be taken back. */
  async #findExternalHost(
    http: Deno.HttpClient,
    service: IgdService,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      const reply = await this.#call(http, service, "GetExternalIPAddress", {}, signal);
      const host = reply.kind === "done" ? textOf(reply.xml, "NewExternalIPAddress") : undefined;
      return host !== undefined && isIPv4(host) ? host : undefined;
    } catch (error) {
      if (error instanceof MappingError) return undefined;
      throw error;
    }
  }

  async unmap(signal: AbortSignal): Promise<void> {
    if (this.#given === undefined) return;
    const { service, externalPort } = this.#given;
    using http = this.#client();
    const values = { NewRemoteHost: "", NewExternalPort: externalPort, NewProtocol: "TCP" };
    await this.#call(http, service, "DeletePortMapping", values, signal);
  }

  /** Another port where ours is somebody else's, a mapping without an end where there are no others. */
  async #add(http: Deno.HttpClient, service: IgdService, signal: AbortSignal): Promise<Mapping> {
    const { port } = this.#options;
    let externalPort = this.#given?.externalPort ?? port;
    let leaseSeconds = LEASE_SECONDS;
    for (let tries = 0; tries < MAX_PORTS; tries++) {
      const values = { ...this.#mapping(externalPort), NewLeaseDuration: leaseSeconds };
      const result = await this.#call(http, service, "AddPortMapping", values, signal);
      if (result.kind === "done") return { externalPort, lifetimeSeconds: LEASE_SECONDS };
      if (result.code === IGD_ERROR.onlyPermanent) leaseSeconds = 0;
      else if (result.code === IGD_ERROR.conflict) externalPort = randomPort();
      else throw new MappingError(`the gateway refuses with code ${result.code}`);
    }
    throw new MappingError("the gateway has no port for us");
  }

  #mapping(externalPort: number): Record<string, string | number> {
    const { port, gateway: { localHost } } = this.#options;
    return {
      NewRemoteHost: "",
      NewExternalPort: externalPort,
      NewProtocol: "TCP",
      NewInternalPort: port,
      NewInternalClient: localHost,
      NewEnabled: 1,
      NewPortMappingDescription: "westorrent",
    };
  }

  async #find(http: Deno.HttpClient, signal: AbortSignal): Promise<IgdService> {
    const { gateway: { host, localHost }, clock, ssdpPort: port = SSDP_PORT } = this.#options;
    // Some answer to the group only, some networks pass on nothing that goes to one.
    const targets = [{ host, port }, { host: SSDP_GROUP, port }];
    const location = await exchange({
      packets: targets.flatMap((to) => encodeSearches(to).map((bytes) => ({ bytes, to }))),
      accept: (bytes) => decodeSearchReply(bytes, host),
    }, { localHost, gatewayHost: host, clock, signal });
    const { text } = await ask(location, { client: http, signal });
    const service = findService(text, location);
    if (service === undefined) throw new MappingError("the gateway maps no ports by UPnP");
    return service;
  }

  async #call(
    client: Deno.HttpClient,
    { type, controlUrl }: IgdService,
    action: string,
    values: Readonly<Record<string, string | number>>,
    signal: AbortSignal,
  ): Promise<CallResult> {
    const headers = {
      "content-type": 'text/xml; charset="utf-8"',
      "soapaction": `"${type}#${action}"`,
    };
    const body = encodeCall(action, type, values);
    const { isOk, text } = await ask(controlUrl, { client, signal, method: "POST", headers, body });
    if (isOk) return { kind: "done", xml: text };
    return { kind: "refused", code: Number(textOf(text, "errorCode") ?? NaN) };
  }

  #client(): Deno.HttpClient {
    return Deno.createHttpClient({
      poolMaxIdlePerHost: 0,
      localAddress: this.#options.gateway.localHost,
    });
  }
}

/** One request, its answer bounded in time and length. @throws {MappingError}; the signal's reason */
async function ask(
  url: URL,
  { signal, ...init }: RequestInit & { readonly client: Deno.HttpClient; signal: AbortSignal },
): Promise<{ readonly isOk: boolean; readonly text: string }> {
  try {
    using limit = new TimeLimit(CALL_LIMIT_MS, signal);
    const response = await fetch(url, { ...init, signal: limit.signal, redirect: "error" });
    return { isOk: response.ok, text: await readText(response) };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof MappingError) throw cause;
    const reason = cause instanceof Error ? cause.message : `${cause}`;
    throw new MappingError(`the gateway does not answer over HTTP: ${reason}`, { cause });
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let lengthBytes = 0;
  for await (const part of response.body ?? []) {
    lengthBytes += part.length;
    if (lengthBytes > MAX_XML_LENGTH) throw new MappingError("the gateway's answer is too long");
    text += decoder.decode(part, { stream: true });
  }
  return text;
}

/** Any of those that nobody else is likely to have. */
function randomPort(): number {
  return 49_152 + Math.floor(Math.random() * 16_384);
}
