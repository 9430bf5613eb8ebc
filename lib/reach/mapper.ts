/**
 * What the three protocols that map ports have in common.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Gateway } from "./gateway.ts";

/** How long a mapping is asked for; it is renewed at half of what is granted. */
export const LEASE_SECONDS = 3600;

/** A way in: what comes to a port of the gateway is sent on to ours. */
export interface Mapping {
  readonly externalPort: number;
  /** The gateway's own address on its other side, as it says. */
  readonly externalHost?: string | undefined;
  /** For how long, from now on: at least 1. */
  readonly lifetimeSeconds: number;
}

/** Maps one TCP port by one protocol. */
export interface Mapper {
  /** Asks for the mapping, or for more time. @throws {MappingError} */
  map(signal: AbortSignal): Promise<Mapping>;
  /** Takes it back, if there is one. @throws {MappingError} */
  unmap(signal: AbortSignal): Promise<void>;
}

/** What a mapper needs. */
export interface MapperOptions {
  readonly gateway: Gateway;
  /** Where we listen. */
  readonly port: number;
  readonly clock: Clock;
  /** Where the gateway takes PCP and NAT-PMP. @default GATEWAY_PORT */
  readonly gatewayPort?: number;
  /** Where it answers SSDP. @default SSDP_PORT */
  readonly ssdpPort?: number;
}

/** The gateway did not answer, refused, or answered nonsense. */
export class MappingError extends Error {
  /** Tells this class where `instanceof` cannot, as between two copies of the library. */
  override readonly name = "MappingError";
}
