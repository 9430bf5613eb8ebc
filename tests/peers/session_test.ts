import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { delay } from "../../lib/base/async.ts";
import { PeerError } from "../../lib/base/errors.ts";
import { plainMemory } from "../../lib/base/memory.ts";
import type { Message } from "../../lib/peers/message.ts";
import { readBufferBytes, ReadBuffers, SMALL_BUFFER } from "../../lib/peers/read_buffers.ts";
import type { PeerRole, Role, Session } from "../../lib/peers/session.ts";
import { FakePeer } from "../support/fake_peer.ts";

const REASON = new PeerError("enough", "surplus");

/** A role that writes down what it is shown. */
class Listener implements Role, PeerRole {
  readonly kinds: string[] = [];
  ticks = 0;
  settlements = 0;

  join(): PeerRole {
    return this;
  }

  receive({ kind }: Message): void {
    this.kinds.push(kind);
  }

  settle(): void {
    this.settlements++;
  }

  tick(): void {
    this.ticks++;
  }

  leave(): void {}
}

/** A peer that is read only while nothing is to be waited for. */
class Rig {
  readonly role = new Listener();
  #relief: PromiseWithResolvers<void> | undefined;
  #heard: Promise<void> = Promise.resolve();
  readonly peer = new FakePeer(this.role, {
    bitfieldLength: 1,
    nowMs: 0,
    buffers: new ReadBuffers(),
    relief: () => this.#relief?.promise,
  });

  holdUp(): void {
    this.#relief = Promise.withResolvers();
  }

  async relieve(): Promise<void> {
    this.#relief?.resolve();
    this.#relief = undefined;
    await delay(0);
  }

  /** The peer speaks; whether it is heard is not waited for. */
  async say(say: (says: FakePeer["says"]) => void): Promise<void> {
    say(this.peer.says);
    this.#heard = this.peer.send();
    await delay(0);
  }

  async end(): Promise<unknown> {
    this.peer.session.wire.close(REASON);
    await this.#heard;
    return await this.peer.ended;
  }
}

Deno.test("Session leaves a peer unread while there is something to wait for", async () => {
  const rig = new Rig();
  rig.holdUp();
  await rig.say((says) => says.keepAlive());
  assertEquals([rig.role.kinds, rig.peer.session.isHeldUp], [[], true], "one byte was on its way");
  await delay(5);
  assertEquals(rig.role.kinds, []);
  await rig.relieve();
  assertEquals([rig.role.kinds, rig.peer.session.isHeldUp], [["keepAlive"], false]);
  await rig.say((says) => says.unchoke());
  assertEquals(rig.role.kinds, ["keepAlive", "unchoke"]);
  await rig.end();
});

Deno.test("Session ends at once when it is closed while it waits", async () => {
  const rig = new Rig();
  rig.holdUp();
  await rig.say((says) => says.keepAlive());
  assert(rig.peer.session.isHeldUp);
  assertStrictEquals(await rig.end(), REASON);
});

Deno.test("Session counts no silence of a peer that a limit keeps it from reading", async () => {
  const rig = new Rig();
  rig.peer.isHeldUp = true;
  for (let nowMs = 0; nowMs <= 1_000_000; nowMs += 100_000) rig.peer.tick(nowMs);
  rig.peer.isHeldUp = false;
  rig.peer.tick(1_140_000);
  assertThrows(() => rig.peer.tick(1_160_000), PeerError, "silent for 160 s");
  await rig.end();
});

Deno.test("Session counts no silence of a peer that it does not read", async () => {
  const rig = new Rig();
  rig.holdUp();
  await rig.say((says) => says.keepAlive());
  for (let nowMs = 0; nowMs <= 1_000_000; nowMs += 100_000) rig.peer.tick(nowMs);
  await rig.relieve();
  rig.peer.tick(1_140_000);
  assertEquals(rig.role.ticks, 12);
  assertThrows(() => rig.peer.tick(1_160_000), PeerError, "silent for 160 s");
  await rig.end();
});

Deno.test("Session says what we have in as few words as the peer understands", async (t) => {
  const bits = new Uint8Array([0xc0]);
  const rows = [
    ["none", "plain", []],
    ["some", "plain", ["bitfield"]],
    ["all", "plain", ["bitfield"]],
    ["none", "fast", ["haveNone"]],
    ["some", "fast", ["bitfield"]],
    ["all", "fast", ["haveAll"]],
  ] as const;
  for (const [extent, offer, expected] of rows) {
    await t.step(`${extent}, ${offer}`, async () => {
      const peer = new FakePeer(new Listener(), {
        bitfieldLength: 1,
        nowMs: 0,
        buffers: new ReadBuffers(),
        hasFast: offer === "fast",
        haves: { bits, extent },
      });
      await peer.send();
      assertEquals<readonly string[]>(peer.heard(), expected);
      peer.session.wire.close(REASON);
      await peer.ended;
    });
  }
});

Deno.test("Session acts on a read that took all it could, though nothing comes after it", async () => {
  const role = new Listener();
  const buffers = new ReadBuffers();
  const portionBytes = SMALL_BUFFER;
  const peer = new FakePeer(role, { bitfieldLength: 1, nowMs: 0, buffers, portionBytes });
  const before = role.settlements;
  for (let bytes = 0; bytes < SMALL_BUFFER; bytes += 4) peer.says.keepAlive();
  await peer.send();
  assertEquals(role.kinds.length, SMALL_BUFFER / 4);
  peer.tick(250);
  assertEquals(role.settlements - before, 1);
  peer.tick(500);
  assertEquals(role.settlements - before, 1, "once");
  peer.session.wire.close(REASON);
  await peer.ended;
});

/** A role whose peer is banned for what it has sent, say, as soon as that is acted on. */
class Closer extends Listener {
  #session: Session | undefined;

  override join(session?: Session): PeerRole {
    this.#session = session;
    return this;
  }

  override settle(): void {
    if (this.kinds.length > 0) this.#session?.wire.close(REASON);
  }
}

Deno.test("Session gives its buffers back once when it is closed before it has to wait", async () => {
  const buffers = new ReadBuffers(plainMemory(readBufferBytes(3)));
  const relief = Promise.withResolvers<void>();
  const role = new Closer();
  const peer = new FakePeer(role, {
    bitfieldLength: 1,
    nowMs: 0,
    buffers,
    portionBytes: SMALL_BUFFER,
    relief: () => role.kinds.length > 0 ? relief.promise : undefined,
  });
  // More than a small buffer takes.
  for (let bytes = 0; bytes <= SMALL_BUFFER; bytes += 4) peer.says.keepAlive();
  await peer.send();
  assertStrictEquals(await peer.ended, REASON);
  const large = [buffers.takeLarge(), buffers.takeLarge()];
  assertEquals(new Set(large).size, large.length, "nobody else reads into the same one");
});
