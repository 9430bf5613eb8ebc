/** An announcer on a bench, and replies for it. */
import { assertEquals } from "@std/assert";
import type { PeerAddress } from "../../lib/base/address.ts";
import { UdpSocket } from "../../lib/base/udp_socket.ts";
import { type AnnounceOptions, Announcer, type TrackerEvent } from "../../lib/tracker/announce.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { type HttpVillain, REQUEST } from "./villains.ts";

/** An announcer with a clock of its own, and what it reported. */
export class Bench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly stop = new AbortController();
  readonly reports: TrackerEvent[] = [];
  readonly announcer: Announcer;
  readonly addresses: AsyncIterableIterator<readonly PeerAddress[]>;
  readonly #udp = new UdpSocket({ bind: "127.0.0.1" });
  #reported = Promise.withResolvers<void>();
  switches = 0;

  constructor(trackers: readonly (readonly string[])[], options: Partial<AnnounceOptions> = {}) {
    const { infoHash, peerId, port } = REQUEST;
    this.announcer = new Announcer({
      trackers,
      isPrivate: false,
      infoHash,
      peerId,
      port,
      stats: () => ({ uploadedBytes: 3, downloadedBytes: 4, leftBytes: 5 }),
      udp: this.#udp,
      signal: this.stop.signal,
      report: (event) => {
        this.reports.push(event);
        this.#reported.resolve();
        this.#reported = Promise.withResolvers();
      },
      switched: () => void this.switches++,
      clock: this.clock,
      random: () => 0.5,
      ...options,
    });
    this.addresses = this.announcer.addresses();
  }

  async untilReported(count: number): Promise<void> {
    while (this.reports.length < count) await this.#reported.promise;
  }

  async nextPorts(): Promise<number[]> {
    const { value } = await this.addresses.next();
    return value?.map(({ port }: PeerAddress) => port) ?? [];
  }

  /** Lets just so much time pass as somebody waits for. */
  async pass(seconds: number): Promise<void> {
    await this.clock.untilWaiting(seconds * 1000);
    this.clock.advance(seconds * 1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.announcer[Symbol.asyncDispose]();
    await this.#udp[Symbol.asyncDispose]();
    assertEquals(this.clock.waiting, 0, "a timer was left");
  }
}

/** A reply that names 1.2.3.4 at `port`. */
export function reply(port: number, more = "", head = "d8:intervali1800e"): Response {
  const bytes = Uint8Array.from(`${head}5:peers6:\x01\x02\x03\x04\x00`, (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes, new Uint8Array([port]), `${more}e`]));
}

/** A reply that is a refusal. */
export function failing(): Response {
  return new Response("d14:failure reason6:closede");
}

/** What a tracker was told, announce by announce. */
export function eventsOf({ requests }: HttpVillain): (string | null)[] {
  return requests.map(({ searchParams }) => searchParams.get("event"));
}
