import { assert, assertEquals } from "@std/assert";
import { emptyBits, fullBits, hasBit, setBit } from "../../lib/base/bits.ts";
import { Copies } from "../../lib/ledger/copies.ts";
import type { Holder } from "../../lib/ledger/front.ts";
import { MIN_LOOKS, Rarity } from "../../lib/ledger/rarity.ts";
import { bitsOf, randomFractionOf } from "../support/torrents.ts";
import { randomOf } from "../torrent/helpers.ts";

const EVERYBODY: Holder = { isComplete: true, bits: undefined, has: () => true };
const NOBODY: Holder = { isComplete: false, bits: undefined, has: () => false };

function holderOf(bits: Uint8Array): Holder {
  return { isComplete: false, bits, has: (pieceIndex) => hasBit(bits, pieceIndex) };
}

/** Each piece with a chance of `parts` in 16. */
function randomBits(count: number, parts: number, random: (below: number) => number): Uint8Array {
  const bits = emptyBits(count);
  for (let index = 0; index < count; index++) if (random(16) < parts) setBit(bits, index);
  return bits;
}

function rarityOf(pieceCount: number, seed: number): { copies: Copies; rarity: Rarity } {
  const copies = new Copies(emptyBits(pieceCount), pieceCount);
  return { copies, rarity: new Rarity(copies, randomFractionOf(seed)) };
}

/** Does to a Rarity what peers would, and knows what it should know, kept the plain way. */
class Walk {
  readonly pieceCount: number;
  readonly rarity: Rarity;
  readonly copies: Copies;
  readonly random: (below: number) => number;
  readonly isOpenable: boolean[];
  readonly peers: Uint8Array[] = [];

  constructor(pieceCount: number, seed: number) {
    this.pieceCount = pieceCount;
    this.random = randomOf(seed);
    ({ rarity: this.rarity, copies: this.copies } = rarityOf(pieceCount, seed));
    this.isOpenable = Array.from({ length: pieceCount }, () => true);
  }

  copiesOf(pieceIndex: number): number {
    return this.peers.filter((bits) => hasBit(bits, pieceIndex)).length;
  }

  openable(): number[] {
    return [...this.isOpenable.keys()].filter((pieceIndex) => this.isOpenable[pieceIndex]);
  }

  step(): void {
    const pieceIndex = this.random(this.pieceCount);
    const [peer] = this.peers.splice(this.random(this.peers.length), 1);
    switch (this.random(8)) {
      case 0:
        if (peer !== undefined) this.rarity.removeAll(peer);
        return;
      case 1:
        this.#come();
        break;
      case 2:
        this.rarity.close(pieceIndex);
        this.isOpenable[pieceIndex] = false;
        break;
      case 3:
        this.rarity.reopen(pieceIndex);
        this.isOpenable[pieceIndex] = true;
        break;
      default:
        if (peer !== undefined && !hasBit(peer, pieceIndex)) {
          this.rarity.add(pieceIndex);
          setBit(peer, pieceIndex);
        }
    }
    if (peer !== undefined) this.peers.push(peer);
  }

  /** Opens what some peer is asked for, or something for somebody with every piece. */
  pick(): void {
    const bits = this.peers[this.random(this.peers.length + 1)];
    const pieceIndex = this.check(bits === undefined ? EVERYBODY : holderOf(bits));
    if (pieceIndex === undefined) return;
    this.rarity.close(pieceIndex);
    this.isOpenable[pieceIndex] = false;
  }

  /** @returns what rarest() finds, which is right */
  check(holder: Holder): number | undefined {
    const found = this.rarity.rarest(holder);
    const fit = this.openable().filter((pieceIndex) => holder.has(pieceIndex));
    if (found === undefined) {
      assertEquals(fit, []);
      return undefined;
    }
    assert(fit.includes(found));
    const copies = fit.map((pieceIndex) => this.copiesOf(pieceIndex)).sort((a, b) => a - b);
    const least = copies[0] ?? 0;
    const isReachable = (count: number) => count <= least && (count > 0 || holder.isComplete);
    const asRare = this.openable().filter((index) => isReachable(this.copiesOf(index)));
    const isExact = fit.length <= MIN_LOOKS || asRare.length < MIN_LOOKS / 2;
    const most = isExact ? least : copies[Math.floor(copies.length / 16)] ?? 0;
    assert(this.copiesOf(found) <= most, `${this.copiesOf(found)} copies, not ${most}`);
    return found;
  }

  #come(): void {
    if (this.peers.length >= 20) return;
    const bits = randomBits(this.pieceCount, this.random(17), this.random);
    this.rarity.addAll(bits);
    this.peers.push(bits);
  }
}

for (const [pieceCount, steps] of [[1, 300], [2, 300], [7, 500], [40, 800], [1500, 250]] as const) {
  Deno.test(`Rarity agrees with a plain model of ${pieceCount} pieces in every step`, () => {
    const walk = new Walk(pieceCount, pieceCount);
    const { rarity, copies, random } = walk;
    for (let round = 0; round < steps; round++) {
      walk.step();
      const openable = walk.openable();
      const holders = [EVERYBODY, NOBODY];
      assertEquals(rarity.size, openable.length);
      const counts = Array.from({ length: pieceCount }, (_, index) => walk.copiesOf(index));
      assertEquals([...copies.sources], counts);
      for (let count = 0; count <= walk.peers.length + 1; count++) {
        const pieces = openable.filter((pieceIndex) => counts[pieceIndex] === count);
        assertEquals(copies.openableWith(count), pieces.length);
      }
      const parts = walk.peers.map((peer) => {
        const bits = randomBits(pieceCount, random(17), random);
        bits.forEach((byte, at) => bits[at] = byte & (peer[at] ?? 0));
        return bits;
      });
      for (const bits of [...walk.peers, ...parts]) holders.push(holderOf(bits));
      for (const holder of holders) {
        walk.check(holder);
        const any = rarity.any(holder);
        const fit = openable.filter((pieceIndex) => holder.has(pieceIndex));
        assert(any === undefined ? fit.length === 0 : fit.includes(any));
      }
    }
  });
}

Deno.test("Rarity stays right while all of many pieces are picked, and peers come and go", () => {
  const walk = new Walk(2000, 5);
  for (let round = 0; walk.rarity.size > 0; round++) {
    if (round % 40 === 0) walk.step();
    walk.pick();
  }
  assert(walk.openable().length === 0);
});

Deno.test("Rarity hands out all pieces by number of copies", () => {
  const random = randomOf(3);
  const { rarity } = rarityOf(MIN_LOOKS, 3);
  for (let round = 0; round < 3000; round++) rarity.add(random(MIN_LOOKS));
  const copies: number[] = [];
  for (let left = rarity.size; left > 0; left--) {
    const pieceIndex = rarity.rarest(EVERYBODY);
    assert(pieceIndex !== undefined);
    copies.push(rarity.availability(pieceIndex));
    rarity.close(pieceIndex);
  }
  assertEquals(copies, copies.toSorted((a, b) => a - b));
  assertEquals(rarity.rarest(EVERYBODY), undefined);
});

for (const [words, pick] of [["rarest", "rarest"], ["any", "any"]] as const) {
  Deno.test(`${words}() picks every one of equals about as often`, () => {
    const { rarity } = rarityOf(64, 9);
    const bits = fullBits(64);
    rarity.addAll(bits);
    if (pick === "rarest") rarity.add(4);
    const found = new Map<number | undefined, number>();
    for (let round = 0; round < 6400; round++) {
      const pieceIndex = rarity[pick](holderOf(bits));
      found.set(pieceIndex, (found.get(pieceIndex) ?? 0) + 1);
    }
    assertEquals(found.size, pick === "rarest" ? 63 : 64);
    for (const count of found.values()) assert(count > 50 && count < 150, `${count} times`);
  });
}

Deno.test("rarest() samples the equals all over a torrent that has more than the front holds", () => {
  const { rarity } = rarityOf(100_000, 9);
  const quarters = [0, 0, 0, 0];
  for (let round = 0; round < 4000; round++) {
    const pieceIndex = rarity.rarest(EVERYBODY);
    assert(pieceIndex !== undefined);
    rarity.close(pieceIndex);
    const quarter = Math.floor(pieceIndex / 25_000);
    quarters[quarter] = (quarters[quarter] ?? 0) + 1;
  }
  for (const count of quarters) assert(count > 900 && count < 1100, `${quarters}`);
});

Deno.test("rarest() finds the one rare piece of an incomplete peer among many that nobody has", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { rarity } = rarityOf(6000, seed);
    const bits = bitsOf(6000, Array(2000).keys());
    for (const peer of [bits, bitsOf(6000, Array(1999).keys())]) rarity.addAll(peer);
    assertEquals(rarity.rarest(holderOf(bits)), 1999);
  }
});

for (const pieceCount of [100, 100_000]) {
  Deno.test(`rarest() looks at few of ${pieceCount} pieces for a source that has most`, () => {
    const { rarity } = rarityOf(pieceCount, 5);
    let looks = 0;
    const has = (pieceIndex: number) => {
      looks++;
      return pieceIndex % 2 === 0;
    };
    for (let pick = 0; pick < 20; pick++) {
      const pieceIndex = rarity.rarest({ ...EVERYBODY, has });
      assert(pieceIndex !== undefined);
      rarity.close(pieceIndex);
    }
    assert(looks < 20 * 15, `${looks} looks`);
  });
}
