/**
 * Mapping a port by the NAT Port Mapping Protocol (RFC 6886).
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
  decodeAddressResponse,
  decodeNatPmpResponse,
  encodeAddressRequest,
  encodeNatPmpRequest,
} from "./nat_pmp_message.ts";

/** Asks a gateway that speaks NAT-PMP. */
export class NatPmpMapper implements Mapper {
  readonly #options: MapperOptions;
  /** What was given last, if anything. */
  #externalPort: number | undefined;

  constructor(options: MapperOptions) {
    this.#options = options;
  }

  async map(signal: AbortSignal): Promise<Mapping> {
    const { port } = this.#options;
    const address = await this.#ask(encodeAddressRequest(), decodeAddressResponse, signal);
    if (address.kind === "refused") {
      throw new MappingError(`the gateway refuses with code ${address.resultCode}`);
    }
    const externalPort = this.#externalPort ?? port;
    const request = { port, externalPort, lifetimeSeconds: LEASE_SECONDS };
    const accept = (bytes: Uint8Array) => decodeNatPmpResponse(bytes, request);
    const response = await this.#ask(encodeNatPmpRequest(request), accept, signal);
    if (response.kind === "refused") {
      throw new MappingError(`the gateway refuses with code ${response.resultCode}`);
    }
    if (response.externalPort === 0 || response.lifetimeSeconds === 0) {
      throw new MappingError("the gateway maps nothing");
    }
    this.#externalPort = response.externalPort;
    return { ...response, externalHost: address.externalHost };
  }

  /** Does not wait for the answer: there is nothing to be done about one. */
  async unmap(): Promise<void> {
    if (this.#externalPort === undefined) return;
    const { port, gateway: { localHost } } = this.#options;
    const request = { port, externalPort: 0, lifetimeSeconds: 0 };
    await send({ bytes: encodeNatPmpRequest(request), to: this.#to }, localHost);
  }

  get #to() {
    const { gateway: { host }, gatewayPort: port = GATEWAY_PORT } = this.#options;
    return { host, port };
  }

  #ask<T>(
    bytes: Uint8Array,
    accept: (bytes: Uint8Array) => T | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const { gateway: { host, localHost }, clock } = this.#options;
    const packets = [{ bytes, to: this.#to }];
    return exchange({ packets, accept }, { localHost, gatewayHost: host, clock, signal });
  }
}
