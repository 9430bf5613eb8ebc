/** Peer exchange (BEP 11) among downloads in this process, each on a loopback address of its own. */
import { assert, assertEquals } from "@std/assert";
import type { PeerAddress } from "../../lib/base/address.ts";
import { MAX_HEARD_CONTACTS } from "../../lib/discovery/pex_message.ts";
import { MAX_HEARD_HOSTS, MAX_HEARD_MESSAGES } from "../../lib/discovery/pex_peer.ts";
import type { DownloadEvent } from "../../lib/events.ts";
import { HttpTracker } from "../support/http_tracker.ts";
import { type Behaviour, startSeeder } from "../support/seeder.ts";
import {
  concurrently,
  downloadWhole,
  type EventOf,
  eventsOf,
  KIB,
  type RunOptions,
  startDownload,
  waitingFor,
} from "../support/swarm.ts";
import { makeTorrent, type TorrentFixture } from "../support/torrent_fixture.ts";
import * as villains from "../support/villains.ts";

const FIRST_HOST = "127.0.0.1";
const HOSTS = [FIRST_HOST, "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"];

/** A download that is watched for as long as the test wants. */
class Member {
  readonly host: string;
  readonly messages: EventOf<"pex">[] = [];
  /** Hosts of other members that were connected. */
  readonly met = new Set<string>();
  /** Resolves when it listens. */
  readonly address = Promise.withResolvers<PeerAddress>();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #ticks = 0;
  #changed = Promise.withResolvers<void>();

  constructor(fixture: TorrentFixture, host: string, options: RunOptions = {}) {
    this.host = host;
    const { signal } = this.#stop;
    this.#ended = this.#watch(startDownload(fixture, { bind: host, signal, ...options }));
  }

  /** Resolves when its clock has gone on. */
  async untilTicked(): Promise<void> {
    const ticks = this.#ticks + 1;
    await this.until(() => this.#ticks >= ticks);
  }

  async until(isSo: (member: Member) => boolean): Promise<void> {
    while (!isSo(this)) await this.#changed.promise;
  }

  async #watch(events: AsyncIterable<DownloadEvent>): Promise<void> {
    try {
      for await (const event of events) this.#note(event);
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  #note(event: DownloadEvent): void {
    if (event.kind === "listening") this.address.resolve({ host: this.host, port: event.port });
    if (event.kind === "progress") this.#ticks++;
    if (event.kind === "pex") this.messages.push(event);
    if (event.kind === "peer" && event.status === "connected") {
      this.met.add(event.address.split(":")[0] ?? "");
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("enough"));
    await this.#ended;
  }
}

/** One member after the other; the tracker names the first to everybody, and nobody else. */
async function gather(
  stack: AsyncDisposableStack,
  options: { readonly isPrivate?: true } & RunOptions = {},
): Promise<readonly Member[]> {
  const tracker = stack.use(new HttpTracker());
  const { isPrivate, ...run } = options;
  const fixture = makeTorrent({
    files: 8 * 16 * KIB,
    pieceLength: 16 * KIB,
    trackers: [[tracker.url]],
    ...(isPrivate ? { isPrivate } : {}),
  });
  const members: Member[] = [];
  for (const host of HOSTS) {
    const member = stack.use(new Member(fixture, host, run));
    members.push(member);
    const address = await member.address.promise;
    if (host === FIRST_HOST) tracker.peers = [address];
    else await members[0]?.until(({ met }) => met.has(host));
  }
  return members;
}

Deno.test("download() finds everybody by peer exchange where a tracker names one peer", async () => {
  await using stack = new AsyncDisposableStack();
  const members = await gather(stack);
  for (const member of members) await member.until(({ met }) => met.size === HOSTS.length - 1);
  for (const { host, met, messages } of members) {
    assertEquals(met, new Set(HOSTS.filter((other) => other !== host)));
    const told = messages.filter(({ status }) => status === "sent").map(({ address }) => address);
    assertEquals(told.length, new Set(told).size, "a second message within a minute");
  }
});

const WITHOUT: readonly (readonly [string, { isPrivate?: true; usePex?: false }])[] = [
  ["of a private torrent", { isPrivate: true }],
  ["that the user does not want", { usePex: false }],
];

Deno.test("download() sends and takes no peer exchange", async (t) => {
  await concurrently(t, WITHOUT, async (options) => {
    await using stack = new AsyncDisposableStack();
    const [first, ...others] = await gather(stack, options);
    await first?.until(({ met }) => met.size === others.length);
    // The swarm's clock has told everybody, if there is anything to tell.
    await Promise.all([first, ...others].map((member) => member?.untilTicked()));
    assertEquals(first?.messages, []);
    for (const { met, messages } of others) assertEquals([[...met], messages], [[FIRST_HOST], []]);
  });
});

const NAMING: readonly (readonly [string, { isPrivate?: true; usePex?: false }, boolean])[] = [
  ["of a public torrent", {}, true],
  ...WITHOUT.map(([words, options]) => [words, options, false] as const),
];

Deno.test("download() names peer exchange in its handshake or not:", async (t) => {
  for (const [words, { isPrivate, ...options }, isNamed] of NAMING) {
    await t.step(words, async () => {
      const files = { files: 64 * KIB, pieceLength: 64 * KIB, ...(isPrivate ? { isPrivate } : {}) };
      const fixture = makeTorrent(files);
      const named: string[][] = [];
      const onExtensions: Behaviour["onExtensions"] = (_, { extensions }) => {
        named.push([...extensions.keys()]);
      };
      await using seeder = await startSeeder({ ...fixture, behaviour: { onExtensions } });
      await downloadWhole(fixture, { from: [seeder], ...options });
      assertEquals(named, [["lt_donthave", ...(isNamed ? ["ut_pex"] : [])]]);
    });
  }
});

Deno.test("download() follows up few of the 100,000 peers that one names, and is whole", async () => {
  const fixture = makeTorrent({ files: 20 * 64 * KIB, pieceLength: 64 * KIB });
  const named = Promise.withResolvers<void>();
  await using honest = await startSeeder({ ...fixture, behaviour: waitingFor(named.promise) });
  const behaviour = { ...waitingFor(named.promise), ...villains.pexFlood() };
  await using villain = await startSeeder({ ...fixture, behaviour });
  let dials = 0;
  const run = await downloadWhole(fixture, {
    from: [honest, villain],
    timeoutMs: 10_000,
    onEvent: (event) => {
      if (event.kind === "peer" && event.status === "failed" && ++dials === 1) named.resolve();
    },
  });
  const heard = eventsOf(run, "pex");
  assertEquals(heard.length, MAX_HEARD_MESSAGES);
  assertEquals(heard.map(({ added }) => added), heard.map(() => MAX_HEARD_CONTACTS));
  assert(dials > 0 && dials <= MAX_HEARD_HOSTS, `${dials} dials`);
});
