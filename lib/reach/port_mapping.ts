/**
 * A way in for peers: the gateway of our network is asked to send what comes to a port of its own on to
 * ours, by whatever protocol it speaks: PCP, NAT-PMP or UPnP. IPv4 only.
 *
 * @module
 */
import { delay } from "../base/async.ts";
import { type Clock, SYSTEM_CLOCK } from "../base/clock.ts";
import { printable } from "../base/text.ts";
import type { DownloadEvent } from "../events.ts";
import { findGateway, type Gateway } from "./gateway.ts";
import { IgdMapper } from "./igd.ts";
import {
  LEASE_SECONDS,
  type Mapper,
  type MapperOptions,
  type Mapping,
  MappingError,
} from "./mapper.ts";
import { NatPmpMapper } from "./nat_pmp.ts";
import { PcpMapper } from "./pcp.ts";

/** The end of a run waits so long for the gateway, in milliseconds. */
export const UNMAP_LIMIT_MS = 500;

/** A mapping that was lost is asked for again after so long, in milliseconds. */
export const RETRY_MS = 5 * 60_000;

/** A gateway that grants less than this is asked no more often for it, in milliseconds. */
const MIN_RENEWAL_MS = 30_000;

/** The protocols, the best first. */
const PROTOCOLS: readonly (readonly [Method, new (options: MapperOptions) => Mapper])[] = [
  ["pcp", PcpMapper],
  ["nat-pmp", NatPmpMapper],
  ["upnp", IgdMapper],
];

type Method = (DownloadEvent & { readonly kind: "mapping" })["method"] & string;

/** What keepMapped() needs. */
export interface KeepMappedOptions {
  /** Where we listen, over TCP. */
  readonly port: number;
  /** The local address that everything comes from. */
  readonly bind?: string | undefined;
  /** Ends it; the mapping is taken back. */
  readonly signal: AbortSignal;
  /** Told each mapping, and of the first failure. */
  readonly report: (event: DownloadEvent) => void;
  /** Told where peers can dial us from now on. */
  readonly onMapped: (mapping: Mapping) => void;
  /** Tests hand in their own. @default that of this machine */
  readonly gateway?: Gateway;
  /** @default those of the protocols */
  readonly gatewayPort?: number;
  readonly ssdpPort?: number;
  readonly clock?: Clock;
}

/**
 * Keeps our port mapped until the signal aborts, and then takes the mapping back, within UNMAP_LIMIT_MS. Does
 * nothing where there is no gateway, or our address is no private one. What fails is reported, not thrown.
 */
export async function keepMapped(options: KeepMappedOptions): Promise<void> {
  const { bind, signal } = options;
  const gateway = options.gateway ?? await findGateway(bind);
  if (gateway !== undefined && !signal.aborted) await new Keeper(gateway, options).run();
}

class Keeper {
  readonly #options: KeepMappedOptions;
  readonly #clock: Clock;
  /** The same from first to last: each knows what it was given, and is known to the gateway by that. */
  readonly #mappers: readonly (readonly [Method, Mapper])[];
  #wasFailing = false;

  constructor(gateway: Gateway, options: KeepMappedOptions) {
    const { port, gatewayPort, ssdpPort, clock = SYSTEM_CLOCK } = options;
    this.#options = options;
    this.#clock = clock;
    const mapperOptions: MapperOptions = {
      gateway,
      port,
      clock,
      ...(gatewayPort === undefined ? {} : { gatewayPort }),
      ...(ssdpPort === undefined ? {} : { ssdpPort }),
    };
    this.#mappers = PROTOCOLS.map(([method, Protocol]) => [method, new Protocol(mapperOptions)]);
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      await this.#tryAll();
      await this.#pause(RETRY_MS);
    }
    // Also what could not be renewed: it may be there still.
    await Promise.all(this.#mappers.map(([, mapper]) => this.#unmap(mapper)));
  }

  /** Returns when no protocol works, or the one that did works no more. */
  async #tryAll(): Promise<void> {
    const troubles: string[] = [];
    for (const [method, mapper] of this.#mappers) {
      const mapping = await this.#map(method, mapper, troubles);
      if (mapping !== undefined) return await this.#keep(method, mapper, mapping);
      if (this.#options.signal.aborted) return;
    }
    this.#fail(troubles);
  }

  /** Renews the mapping at half its time, as long as the gateway lets us. */
  async #keep(method: Method, mapper: Mapper, first: Mapping): Promise<void> {
    const troubles: string[] = [];
    let mapping: Mapping | undefined = first;
    while (mapping !== undefined) {
      this.#note(method, mapping);
      // Whatever is granted: a time that no timer can hold would pass at once, again and again.
      const lifetimeSeconds = Math.min(mapping.lifetimeSeconds, LEASE_SECONDS);
      await this.#pause(Math.max(lifetimeSeconds * 500, MIN_RENEWAL_MS));
      if (this.#options.signal.aborted) return;
      mapping = await this.#map(method, mapper, troubles);
    }
    this.#fail(troubles);
  }

  async #map(
    method: Method,
    mapper: Mapper,
    troubles: string[],
  ): Promise<Mapping | undefined> {
    const { signal } = this.#options;
    try {
      return await mapper.map(signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof MappingError)) throw error;
      troubles.push(`${method}: ${error.message}`);
      return undefined;
    }
  }

  async #unmap(mapper: Mapper): Promise<void> {
    const done = new AbortController();
    const limit = delay(UNMAP_LIMIT_MS, { signal: done.signal }).then(
      () => done.abort(),
      () => {}, // it was done in time
    );
    try {
      await Promise.race([mapper.unmap(done.signal), limit]);
    } catch (error) {
      // The mapping ends by itself then.
      if (!(error instanceof MappingError) && !done.signal.aborted) throw error;
    } finally {
      done.abort();
    }
  }

  #note(method: Method, mapping: Mapping): void {
    const { externalHost, externalPort } = mapping;
    this.#wasFailing = false;
    this.#options.onMapped(mapping);
    this.#options.report({
      kind: "mapping",
      status: "mapped",
      method,
      externalPort,
      ...(externalHost === undefined ? {} : { externalHost }),
    });
  }

  /** The same trouble again is no news. */
  #fail(troubles: readonly string[]): void {
    if (this.#wasFailing || this.#options.signal.aborted) return;
    this.#wasFailing = true;
    const message = printable(troubles.join("; "), 300);
    this.#options.report({ kind: "mapping", status: "failed", message });
  }

  async #pause(delayMs: number): Promise<void> {
    const { signal } = this.#options;
    try {
      await this.#clock.delay(delayMs, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
