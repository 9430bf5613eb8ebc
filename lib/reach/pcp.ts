/**
 * Mapping a port by the Port Control Protocol (RFC 6887).
 *
 * @module
 */
import { exchange, GATEWAY_PORT, send } from "./exchange.ts";
import {
  LEASE_SECONDS,
  type Mapper,
  type MapperOptions,
  type Mapping,
  MappingError,
} from "./mapper.ts";
import {
  decodePcpResponse,
  encodePcpRequest,
  NONCE_LENGTH,
  type PcpRequest,
} from "./pcp_message.ts";

/** Asks a gateway that speaks PCP. */
export class PcpMapper implements Mapper {
  readonly #options: MapperOptions;
  readonly #nonce = crypto.getRandomValues(new Uint8Array(NONCE_LENGTH));
  /** What was given last, if anything. */
  #externalPort: number | undefined;

  constructor(options: MapperOptions) {
    this.#options = options;
  }

  async map(signal: AbortSignal): Promise<Mapping> {
    const { gateway: { host, localHost }, clock } = this.#options;
    const request = this.#request(LEASE_SECONDS);
    const response = await exchange({
      packets: [this.#packet(request)],
      accept: (bytes) => decodePcpResponse(bytes, request),
    }, { localHost, gatewayHost: host, clock, signal });
    if (response.kind === "otherVersion") throw new MappingError("the gateway speaks no PCP");
    if (response.kind === "refused") {
      throw new MappingError(`the gateway refuses with code ${response.resultCode}`);
    }
    if (response.externalPort === 0 || response.lifetimeSeconds === 0) {
      throw new MappingError("the gateway maps nothing");
    }
    this.#externalPort = response.externalPort;
    return response;
  }

  /** Does not wait for the answer: there is nothing to be done about one. */
  async unmap(): Promise<void> {
    if (this.#externalPort === undefined) return;
    await send(this.#packet(this.#request(0)), this.#options.gateway.localHost);
  }

  #request(lifetimeSeconds: number): PcpRequest {
    const { gateway: { localHost }, port } = this.#options;
    const externalPort = this.#externalPort ?? port;
    return { localHost, port, externalPort, lifetimeSeconds, nonce: this.#nonce };
  }

  #packet(request: PcpRequest) {
    const { gateway: { host }, gatewayPort: port = GATEWAY_PORT } = this.#options;
    return { bytes: encodePcpRequest(request), to: { host, port } };
  }
}
