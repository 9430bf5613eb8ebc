/** Whole downloads in this process: run one, keep all that it told, and look at what came of it. */
import { assert, assertEquals } from "@std/assert";
import { formatAddress, type PeerAddress } from "../../lib/base/address.ts";
import { download, type DownloadOptions } from "../../lib/download.ts";
import type { DownloadEvent } from "../../lib/events.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import type { Behaviour, Seeder } from "./seeder.ts";
import type { TorrentFixture } from "./torrent_fixture.ts";

/** Bytes in a KiB. */
export const KIB = 1024;

/** A download of a test: into memory, unless `directory` or `store` say otherwise. */
export interface RunOptions extends Partial<DownloadOptions> {
  /** Peers to ask, by what serves there. */
  readonly from?: readonly Seeder[];
  /** Called with every event as it comes. */
  readonly onEvent?: (event: DownloadEvent) => void;
}

/** A download that has ended. */
export interface Run {
  readonly events: readonly DownloadEvent[];
  /** What ended it, unless it is complete. */
  readonly error: unknown;
}

/** The events of one kind. */
export type EventOf<Kind extends DownloadEvent["kind"]> = DownloadEvent & { readonly kind: Kind };

/** Starts a download whose events the test reads itself. */
export function startDownload(
  fixture: Pick<TorrentFixture, "metainfo">,
  { from = [], onEvent: _, ...options }: RunOptions,
): AsyncGenerator<DownloadEvent, void, undefined> {
  const { metainfo } = fixture;
  const peers = [...from.map(({ address }) => address), ...(options.peers ?? [])];
  const place = options.directory === undefined ? { store: new MemoryStore(metainfo) } : {};
  return download(metainfo, { directory: "", ...place, ...options, peers });
}

/** Runs a download to its end, whatever that is. */
export async function runDownload(
  fixture: Pick<TorrentFixture, "metainfo">,
  options: RunOptions,
): Promise<Run> {
  const events: DownloadEvent[] = [];
  try {
    for await (const event of startDownload(fixture, options)) {
      events.push(event);
      options.onEvent?.(event);
    }
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

/** The events of a kind, in order. */
export function eventsOf<Kind extends DownloadEvent["kind"]>(
  run: Pick<Run, "events">,
  kind: Kind,
): EventOf<Kind>[] {
  return run.events.filter((event): event is EventOf<Kind> => event.kind === kind);
}

/** What happened to one peer, such as `closed: Peer closed the connection`. */
export function fateOf(run: Pick<Run, "events">, { address }: Seeder): string[] {
  return eventsOf(run, "peer").filter((event) => event.address === formatAddress(address))
    .map(({ status, message }) => message === undefined ? status : `${status}: ${message}`);
}

/** Fails unless the run is complete, and told so in order and once. */
export function assertComplete(run: Run): void {
  if (run.error !== undefined) throw run.error;
  const kinds = run.events.map(({ kind }) => kind);
  assertEquals(kinds[0], "start");
  // Then come the goodbyes only.
  const last = kinds.indexOf("complete");
  assertEquals(new Set(kinds.slice(last + 1)).difference(new Set(["peer", "tracker"])), new Set());
  for (const kind of ["start", "checked", "complete"] as const) {
    assertEquals(eventsOf(run, kind).length, 1, kind);
  }
  assert(kinds.indexOf("checked") < (kinds.indexOf("listening") + 1 || Infinity));
}

/** Runs a download into memory and fails unless it ends complete and with the right bytes. */
export async function downloadWhole(
  fixture: TorrentFixture,
  options: RunOptions,
  store: MemoryStore = new MemoryStore(fixture.metainfo),
): Promise<Run> {
  const run = await runDownload(fixture, { ...options, store });
  assertComplete(run);
  assertSameBytes(store.bytes, fixture.content);
  return run;
}

/** Fails without printing all bytes of both. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assertEquals(actual.length, expected.length);
  if (actual.every((byte, at) => byte === expected[at])) return;
  throw new Error(`Bytes differ at ${expected.findIndex((byte, at) => byte !== actual[at])}`);
}

/** An address on loopback where nobody listens. */
export function deadAddress(): PeerAddress {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return { host: "127.0.0.1", port: listener.addr.port };
}

/** Runs every row of a table as a step, all at the same time; the sanitizers look after the whole table. */
export async function concurrently<Row>(
  t: Deno.TestContext,
  rows: readonly (readonly [string, Row])[],
  story: (row: Row) => Promise<void>,
): Promise<void> {
  const sanitizers = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
  await Promise.all(
    rows.map(([name, row]) => t.step({ name, fn: () => story(row), ...sanitizers })),
  );
}

/** A behaviour that is honest, but unchokes nobody before `ready` resolves. */
export function waitingFor(ready: Promise<unknown>): Behaviour {
  return {
    onInterested(peer) {
      ready.then(() => {
        peer.outbox.unchoke();
        peer.wake();
      });
    },
  };
}
