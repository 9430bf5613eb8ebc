import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Channel, delay } from "../../lib/base/async.ts";
import { PeerError } from "../../lib/base/errors.ts";
import { makePeerId, type PeerId, toPeerId } from "../../lib/base/identity.ts";
import type { DownloadEvent } from "../../lib/events.ts";
import { BanList } from "../../lib/peers/ban_list.ts";
import { PeerBook } from "../../lib/peers/peer_book.ts";
import { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import { Swarm } from "../../lib/peers/swarm.ts";
import { Wire } from "../../lib/peers/wire.ts";
import { makeHandshake } from "../support/fake_peer.ts";

/** Who connects, and how. */
interface Who {
  readonly host: string;
  readonly isIncoming: boolean;
  readonly peerId: PeerId;
}

const ALL_ZERO = toPeerId(new Uint8Array(20));
const ALL_ONES = toPeerId(new Uint8Array(20).fill(0xff));

/** A swarm with so many places, where a peer's port is its priority; its peers say nothing. */
class Rig implements AsyncDisposable {
  readonly swarm: Swarm;
  readonly events: DownloadEvent[] = [];
  readonly #wires = new Channel<Wire>();

  constructor(maxPeers: number) {
    this.swarm = new Swarm({
      peerId: makePeerId(),
      maxPeers,
      buffers: new ReadBuffers(),
      roles: [],
      introduction: { reqq: 1, client: "test" },
      priorityOf: ({ port }) => port,
      book: new PeerBook(),
      bans: new BanList(),
      haves: () => ({ bits: new Uint8Array(), extent: "none" }),
      report: (event) => this.events.push(event),
      onFailure: (error) => {
        throw error;
      },
    });
    this.swarm.follow(this.#wires);
  }

  /** @throws {PeerError} when it is not admitted */
  async connect(priority: number, options: Partial<Who> = {}): Promise<Wire> {
    const { host = "10.0.0.1", isIncoming = true, peerId = makePeerId() } = options;
    const closed = Promise.withResolvers<null>();
    const wire = new Wire({
      remote: { host, port: priority },
      read: () => closed.promise,
      write: (bytes) => Promise.resolve(bytes.length),
      [Symbol.dispose]: () => closed.resolve(null),
    }, {
      handshake: { ...makeHandshake(), peerId },
      isIncoming,
      leftover: new Uint8Array(),
      bitfieldLength: 1,
      buffers: this.swarm.buffers,
    });
    this.swarm.admit(wire);
    this.#wires.push(wire);
    await delay(0); // it is talked to by then
    return wire;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wires.close();
    await this.swarm[Symbol.asyncDispose]();
  }
}

Deno.test("admit() gives a newcomer the place of a peer of lower priority when all are taken", async () => {
  await using rig = new Rig(3);
  const wires = [await rig.connect(5), await rig.connect(3), await rig.connect(4)];
  assertThrows(() => rig.swarm.admit(wires[1] as Wire), PeerError, "connected already");
  await rig.connect(9);
  assertEquals(wires.map(({ isOpen }) => isOpen), [true, false, true]);
  assertEquals(rig.swarm.size, 3);
});

Deno.test("admit() refuses a newcomer whose priority is no higher", async () => {
  await using rig = new Rig(1);
  const wire = await rig.connect(5);
  for (const priority of [4, 5]) {
    await assertRejects(() => rig.connect(priority), PeerError, "No room for another peer");
  }
  assertEquals([wire.isOpen, rig.swarm.room], [true, 0]);
});

Deno.test("admit() leaves a peer its place that serves us, or did", async (t) => {
  for (const deed of ["isChokingUs", "wasUseful"] as const) {
    await t.step(deed, async () => {
      await using rig = new Rig(1);
      const wire = await rig.connect(1);
      for (const session of rig.swarm.sessions) session[deed] = deed === "wasUseful";
      await assertRejects(() => rig.connect(9), PeerError, "No room for another peer");
      assert(wire.isOpen);
    });
  }
});

Deno.test("isConnectedTo() knows those who dialled us by where they listen, and leaves the others to the book", async () => {
  await using rig = new Rig(2);
  await rig.connect(50_000);
  const [session] = rig.swarm.sessions;
  const [from, at] = [{ host: "10.0.0.1", port: 50_000 }, { host: "10.0.0.1", port: 7 }];
  assertEquals([rig.swarm.isConnectedTo(from), rig.swarm.isConnectedTo(at)], [false, false]);
  if (session !== undefined) session.extension = { port: 7, extensions: new Map() };
  assertEquals([rig.swarm.isConnectedTo(from), rig.swarm.isConnectedTo(at)], [false, true]);
  await rig.connect(60_000, { isIncoming: false });
  assert(!rig.swarm.isConnectedTo({ host: "10.0.0.1", port: 60_000 }));
});

Deno.test("Swarm names who has gone as it named itself", async () => {
  await using rig = new Rig(1);
  const wire = await rig.connect(1);
  for (const session of rig.swarm.sessions) {
    session.extension = { client: "Abc 1.2", extensions: new Map() };
  }
  wire.close(new PeerError("enough", "surplus"));
  await delay(0);
  const clients = rig.events.map((event) => event.kind === "peer" && event.client);
  assertEquals(clients, ["westorrent 0.1.0", "Abc 1.2"]);
});

/** Two connections of one peer: how the first and the second were made, and which one stays. */
const TWINS: readonly (readonly [string, Partial<Who>, Partial<Who>, "first" | "second"])[] = [
  ["we dialled, then a lesser one did", {}, { isIncoming: true }, "first"],
  ["we dialled, then a greater one did", { peerId: ALL_ONES }, { isIncoming: true }, "second"],
  ["a lesser one dialled, then we did", { isIncoming: true }, {}, "second"],
  ["a greater one dialled, then we did", { isIncoming: true, peerId: ALL_ONES }, {}, "first"],
  ["it dialled twice", { isIncoming: true, peerId: ALL_ONES }, { isIncoming: true }, "first"],
  ["we dialled twice", {}, {}, "first"],
  ["somebody elsewhere has its id", { peerId: ALL_ONES }, {
    isIncoming: true,
    host: "10.0.0.9",
  }, "first"],
];

Deno.test("admit() keeps one connection to a peer, that which the peer keeps, too, when", async (t) => {
  for (const [words, one, other, expected] of TWINS) {
    await t.step(words, async () => {
      await using rig = new Rig(5);
      const who = { isIncoming: false, peerId: ALL_ZERO, ...one };
      const first = await rig.connect(1, who);
      const connecting = rig.connect(2, { isIncoming: false, peerId: who.peerId, ...other });
      if (expected === "first") {
        await assertRejects(() => connecting, PeerError, "connected already");
      } else assert((await connecting).isOpen);
      assertEquals([first.isOpen, rig.swarm.size], [expected === "first", 1]);
    });
  }
});
