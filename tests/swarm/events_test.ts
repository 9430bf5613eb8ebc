/** Consumers of events that read slowly, or no more: the engine goes on, and little waits for them. */
import { assert, assertEquals } from "@std/assert";
import { MemoryStore } from "../../lib/storage/memory.ts";
import { type Behaviour, Seeder } from "../support/seeder.ts";
import { assertSameBytes, KIB, runDownload, startDownload, waitingFor } from "../support/swarm.ts";
import { makeTorrent } from "../support/torrent_fixture.ts";
import * as villains from "../support/villains.ts";

const fixture = makeTorrent({ files: 20 * 64 * KIB, pieceLength: 64 * KIB });

Deno.test("download() completes although nobody reads its events", async () => {
  await using seeder = new Seeder(fixture);
  const store = new MemoryStore(fixture.metainfo);
  const events = startDownload(fixture, { from: [seeder], store });
  assertEquals((await events.next()).value?.kind, "start");
  // All is served, and the engine has said goodbye, before the second event is asked for.
  await seeder.until(({ servedBytes, open }) =>
    servedBytes === fixture.content.length && open === 0
  );
  const rest = await Array.fromAsync(events);
  assertSameBytes(store.bytes, fixture.content);
  assert(rest.some(({ kind }) => kind === "complete"));
  assert(rest.length < 20, `${rest.length} events waited`);
});

Deno.test("download() keeps a bound number of events for whoever reads none", async () => {
  await using open = new AsyncDisposableStack();
  // Every connection of theirs leaves a few events; they call again and again.
  const villain: Behaviour = villains.oversize();
  const caller = open.use(new Seeder({ ...fixture, behaviour: villain }));
  const done = Promise.withResolvers<void>();
  const holder = open.use(new Seeder({ ...fixture, behaviour: waitingFor(done.promise) }));
  const events = startDownload(fixture, { from: [holder] });
  let step = await events.next();
  while (step.value?.kind !== "listening") step = await events.next();
  const address = { host: "127.0.0.1", port: step.value.port };
  for (let calls = 1; calls <= 600; calls++) {
    await caller.dial(address);
    if (calls % 20 === 0) await caller.until(({ open }) => open === 0);
  }
  done.resolve();
  await holder.until(({ servedBytes, open }) => servedBytes > 0 && open === 0);
  const rest = await Array.fromAsync(events);
  assert(rest.length <= 1000, `${rest.length} events waited`);
  assert(rest.some(({ kind }) => kind === "complete"), "the newest are kept");
});

Deno.test("download() does nothing before it is asked for its first event", async () => {
  await using seeder = new Seeder(fixture);
  const events = startDownload(fixture, { from: [seeder] });
  await events.return(undefined);
  assertEquals(seeder.counters.connections, 0);
});

Deno.test("download() throws the reason of a signal that was aborted before", async () => {
  const reason = new Error("never mind");
  const run = await runDownload(fixture, { signal: AbortSignal.abort(reason) });
  assertEquals([run.error, run.events], [reason, []]);
});
