import { assert, assertEquals } from "@std/assert";
import { type Candidate, Choker, slotsFor, type World } from "../../lib/upload/choker.ts";
import { randomFractionOf } from "../support/torrents.ts";

interface Peer extends Candidate {
  readonly name: string;
}

/** An old peer that wants something and has been choked since it came, unless told otherwise. */
function peer(name: string, traits: Partial<Candidate> = {}): Peer {
  return {
    name,
    isInterested: true,
    isUnchoked: false,
    isSnubbing: false,
    joinedAtMs: 0,
    changedAtMs: 0,
    receivedRate: 0,
    sentRate: 0,
    ...traits,
  };
}

const NOW: World = { nowMs: 1_000_000, slots: 4, isSeeding: false };

/** Giving 1, 2, 3, ... bytes per second. */
function givers(count: number, traits: Partial<Candidate> = {}): Peer[] {
  return Array.from(
    { length: count },
    (_, at) => peer(`g${at + 1}`, { receivedRate: at + 1, ...traits }),
  );
}

function namesOf(peers: Iterable<Peer>): string {
  return [...peers].map(({ name }) => name).sort().join(" ");
}

/** The lot falls on the first of those who are left. */
const FIRST = () => 0;

type Row = readonly [words: string, peers: Peer[], world: Partial<World>, served: string];

const WHILE_LEECHING: readonly Row[] = [
  ["nobody, where there is nobody", [], {}, ""],
  ["everybody, where there is room", givers(4), {}, "g1 g2 g3 g4"],
  ["none who want nothing", givers(3, { isInterested: false }), {}, ""],
  [
    "who wants nothing just now and is served, where there is room",
    [...givers(3), peer("idle", { isInterested: false, isUnchoked: true })],
    {},
    "g1 g2 g3 idle",
  ],
  [
    "the others, where there is not",
    [...givers(5), peer("idle", { isInterested: false, isUnchoked: true })],
    {},
    "g2 g3 g4 g5",
  ],
  ["the best and one by lot", givers(9), {}, "g6 g7 g8 g9"],
  [
    "as many by lot as there are fifths",
    givers(20),
    { slots: 10 },
    [
      ..."g11 g12 g13 g14 g15 g16 g17 g18 g19 g20".split(" "),
    ].sort().join(" "),
  ],
  [
    "no snubber but by lot",
    [...givers(4), peer("snub", { receivedRate: 99, isSnubbing: true }), peer("z")],
    {},
    "g2 g3 g4 snub",
  ],
];

const WHILE_SEEDING: readonly Row[] = [
  [
    "whose turn it is, while we seed",
    [
      ...givers(4, { isUnchoked: true, changedAtMs: NOW.nowMs - 10_000 }),
      peer("new", { changedAtMs: NOW.nowMs - 5 }),
      peer("old", { changedAtMs: 5 }),
    ],
    { isSeeding: true },
    "g1 g2 g3 g4",
  ],
  [
    "who has waited longest once turns are over, while we seed",
    [
      ...givers(3, { isUnchoked: true, changedAtMs: NOW.nowMs - 61_000 }),
      ...givers(4, { changedAtMs: NOW.nowMs - 1 }),
      peer("w1", { changedAtMs: 1 }),
      peer("w2", { changedAtMs: 2 }),
    ],
    { isSeeding: true, slots: 3 },
    "g1 w1 w2",
  ],
];

Deno.test("Choker.deal() gives the slots to", async (t) => {
  for (const [words, peers, world, expected] of [...WHILE_LEECHING, ...WHILE_SEEDING]) {
    await t.step(words, () => {
      const choker = new Choker<Peer>(FIRST);
      assertEquals(namesOf(choker.deal(peers, { ...NOW, ...world })), expected);
    });
  }
});

Deno.test("Choker.deal() keeps the lot for 30 s, and draws it for the next 30", () => {
  const random = randomFractionOf(3);
  const choker = new Choker<Peer>(random);
  const peers = givers(40);
  const lucky = Array.from({ length: 60 }, (_, round) => {
    const served = choker.deal(peers, { ...NOW, nowMs: round * 10_000 });
    return namesOf([...served].filter(({ receivedRate }) => receivedRate < 38));
  });
  for (let round = 0; round < lucky.length; round++) {
    assertEquals(lucky[round], lucky[round - round % 3], `round ${round}`);
  }
  assert(new Set(lucky).size > 10);
});

Deno.test("Choker.deal() draws somebody else for one who has gone before his time", () => {
  const choker = new Choker<Peer>(FIRST);
  const peers = givers(9);
  choker.deal(peers, NOW);
  const others = peers.filter(({ name }) => name !== "g6");
  const later = { ...NOW, nowMs: NOW.nowMs + 10_000 };
  assertEquals(namesOf(choker.deal(others, later)), "g5 g7 g8 g9");
});

Deno.test("Choker.deal() draws a new peer three times as likely", () => {
  const peers = [...givers(3), peer("new", { joinedAtMs: NOW.nowMs - 1_000 }), peer("old")];
  const random = randomFractionOf(4);
  let news = 0;
  for (let round = 0; round < 4_000; round++) {
    const served = new Choker<Peer>(random).deal(peers, NOW);
    if (namesOf(served).includes("new")) news++;
  }
  assertEquals(Math.round(news / 100), 30, `${news} of 4000`);
});

Deno.test("Choker.fill() gives free slots away at once, and takes none", async (t) => {
  const served = givers(3, { isUnchoked: true });
  const waiting = [peer("a", { receivedRate: 1 }), peer("b", { receivedRate: 2 })];
  const rows: readonly (readonly [string, Peer[], number, string])[] = [
    ["to the best who waits", [...served, ...waiting], 4, "b"],
    ["to all, where there is room", [...served, ...waiting], 5, "a b"],
    ["to nobody, where there is none", [...served, ...waiting], 3, ""],
    ["to nobody, where there are fewer than are served", [...served, ...waiting], 1, ""],
    [
      "not counting who wants nothing",
      [
        ...givers(3, { isUnchoked: true, isInterested: false }),
        ...waiting,
      ],
      2,
      "a b",
    ],
  ];
  const snubber = peer("snub", { receivedRate: 99, isSnubbing: true });
  const snubbed: typeof rows = [
    ["to no snubber, who is left to the lot", [...served, ...waiting, snubber], 5, "a b"],
    [
      "to a snubber, too, where there is room for all",
      [...served, ...waiting, snubber],
      6,
      "a b snub",
    ],
    [
      "to nobody sooner than to a snubber",
      [...givers(2, { isUnchoked: true }), snubber, { ...snubber }],
      3,
      "",
    ],
  ];
  for (const [words, peers, slots, expected] of [...rows, ...snubbed]) {
    await t.step(words, () => {
      assertEquals(namesOf(new Choker<Peer>().fill(peers, { ...NOW, slots })), expected);
    });
  }
});

Deno.test("slotsFor() grows with the rate, within bounds", () => {
  const rows = [[0, 8], [255 * 1024, 8], [256 * 1024, 9], [8 * 1024 * 1024, 40], [1e12, 100]];
  for (const [rate = 0, slots] of rows) assertEquals(slotsFor(rate), slots, `${rate}`);
});
