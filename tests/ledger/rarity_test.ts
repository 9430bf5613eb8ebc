import { assert, assertEquals } from "@std/assert";
import { Rarity } from "../../lib/ledger/rarity.ts";
import { randomOf } from "../torrent/helpers.ts";
import { randomFractionOf } from "../support/torrents.ts";

/** What Rarity should know, kept the plain way. */
class Model {
  readonly availability: number[];
  readonly isOpenable: boolean[];

  constructor(pieceCount: number) {
    this.availability = Array(pieceCount).fill(0);
    this.isOpenable = Array.from({ length: pieceCount }, () => true);
  }

  openable(): number[] {
    return [...this.isOpenable.keys()].filter((piece) => this.isOpenable[piece]);
  }

  /** The openable pieces that pass, and of those the ones with the fewest copies. */
  rarest(has: (piece: number) => boolean, minAvailability: number): number[] {
    const copies = (piece: number) => this.availability[piece] ?? 0;
    const fit = this.openable().filter((piece) => has(piece) && copies(piece) >= minAvailability);
    const least = Math.min(...fit.map(copies));
    return fit.filter((piece) => copies(piece) === least);
  }
}

function step(rarity: Rarity, model: Model, random: (below: number) => number): void {
  const piece = random(model.availability.length);
  const copies = model.availability[piece] ?? 0;
  switch (random(4)) {
    case 0:
      rarity.increase(piece);
      model.availability[piece] = copies + 1;
      return;
    case 1:
      if (copies === 0) return;
      rarity.decrease(piece);
      model.availability[piece] = copies - 1;
      return;
    case 2:
      rarity.close(piece);
      model.isOpenable[piece] = false;
      return;
    case 3:
      rarity.reopen(piece);
      model.isOpenable[piece] = true;
  }
}

for (const pieceCount of [1, 2, 7, 40]) {
  Deno.test(`Rarity agrees with a plain model of ${pieceCount} pieces in every step`, () => {
    const random = randomOf(pieceCount);
    const rarity = new Rarity(pieceCount, randomFractionOf(pieceCount));
    const model = new Model(pieceCount);
    for (let round = 0; round < 800; round++) {
      step(rarity, model, random);
      assertEquals(rarity.size, model.openable().length);
      for (let piece = 0; piece < pieceCount; piece++) {
        assertEquals(rarity.availability(piece), model.availability[piece]);
      }
      const mask = random(2 ** 30);
      const has = (piece: number) => ((mask >>> (piece % 30)) & 1) === 1;
      for (const minAvailability of [0, 1]) {
        const fit = model.rarest(has, minAvailability);
        const found = rarity.rarest(has, minAvailability);
        assert(found === undefined ? fit.length === 0 : fit.includes(found));
      }
      const any = rarity.any(has);
      const fit = model.openable().filter(has);
      assert(any === undefined ? fit.length === 0 : fit.includes(any));
    }
  });
}

Deno.test("Rarity keeps all pieces sorted: they come out by number of copies", () => {
  const random = randomOf(3);
  const rarity = new Rarity(300, randomFractionOf(3));
  for (let round = 0; round < 3000; round++) rarity.increase(random(300));
  const copies: number[] = [];
  for (let left = rarity.size; left > 0; left--) {
    const piece = rarity.rarest(() => true, 0);
    assert(piece !== undefined);
    copies.push(rarity.availability(piece));
    rarity.close(piece);
  }
  assertEquals(copies, copies.toSorted((a, b) => a - b));
  assertEquals(rarity.rarest(() => true, 0), undefined);
});

Deno.test("rarest() picks every one of equals, in time", () => {
  const rarity = new Rarity(20, randomFractionOf(9));
  rarity.increase(4);
  const found = new Set<number | undefined>();
  for (let round = 0; round < 500; round++) found.add(rarity.rarest(() => true, 0));
  assertEquals(found.size, 19);
  assert(!found.has(4));
});

for (const pieceCount of [100, 100_000]) {
  Deno.test(`rarest() looks at few of ${pieceCount} pieces for a source that has most`, () => {
    const rarity = new Rarity(pieceCount, randomFractionOf(5));
    let looks = 0;
    const has = (piece: number) => {
      looks++;
      return piece % 2 === 0;
    };
    for (let pick = 0; pick < 20; pick++) {
      const piece = rarity.rarest(has, 0);
      assert(piece !== undefined);
      rarity.close(piece);
    }
    assert(looks < 20 * 15, `${looks} looks`);
  });
}
