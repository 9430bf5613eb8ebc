import { assert, assertEquals } from "@std/assert";
import type { PeerAddress } from "../../lib/base/address.ts";
import { type Outcome, PeerBook } from "../../lib/peers/peer_book.ts";

function addressOf(index: number): PeerAddress {
  return { host: `10.${index >> 16}.${(index >> 8) & 0xff}.${index & 0xff}`, port: 6881 };
}

/** A book of addresses 0 to `count` - 1. */
function bookOf(count: number): PeerBook {
  const book = new PeerBook();
  book.add([...Array(count).keys()].map(addressOf));
  return book;
}

function takeAll(book: PeerBook, nowMs: number): PeerAddress[] {
  const taken: PeerAddress[] = [];
  for (let address = book.take(nowMs); address; address = book.take(nowMs)) taken.push(address);
  return taken;
}

Deno.test("take() names every address once, in the order of coming", () => {
  const book = bookOf(3);
  book.add([addressOf(1), addressOf(3)]);
  assertEquals(takeAll(book, 0), [0, 1, 2, 3].map(addressOf));
  book.add([addressOf(0)]);
  assertEquals(book.take(1e12), undefined);
});

Deno.test("settle() makes each failure wait twice as long as the one before, up to half an hour", () => {
  const book = bookOf(1);
  const waitsMs: number[] = [];
  let nowMs = 0;
  for (let failure = 0; failure < 12; failure++) {
    const address = book.take(nowMs);
    assert(address !== undefined);
    book.settle(address, "unreachable", nowMs);
    const dueAtMs = book.nextDueAtMs();
    assert(dueAtMs !== undefined);
    assertEquals(book.take(dueAtMs - 1), undefined);
    waitsMs.push(dueAtMs - nowMs);
    nowMs = dueAtMs;
  }
  assertEquals(waitsMs.slice(0, 4), [5_000, 10_000, 20_000, 40_000]);
  assertEquals(waitsMs.slice(-2), [1_800_000, 1_800_000]);
});

Deno.test("settle() begins anew with a peer that was useful", () => {
  const book = bookOf(1);
  for (const outcome of ["unreachable", "unreachable", "useful", "unreachable"] as const) {
    book.settle(addressOf(0), outcome, 0);
  }
  assertEquals(book.nextDueAtMs(), 5_000);
});

Deno.test("nextDueAtMs() is 0 while there is one to dial, then the earliest of those that wait", () => {
  const book = bookOf(3);
  assertEquals(book.nextDueAtMs(), 0);
  takeAll(book, 0);
  assertEquals(book.nextDueAtMs(), undefined);
  [700, 300, 500].forEach((atMs, index) => book.settle(addressOf(index), "useless", atMs));
  assertEquals(book.nextDueAtMs(), 5_300);
  assertEquals(takeAll(book, 5_500), [addressOf(1), addressOf(2)]);
});

const BEFORE_NEVER: readonly (readonly [string, (book: PeerBook) => void])[] = [
  ["while it is connected", (book) => book.take(0)],
  ["while it waits", (book) => book.settle(addressOf(0), "useful", 0)],
  ["while it is ready", () => {}],
];

for (const [name, prepare] of BEFORE_NEVER) {
  Deno.test(`settle() as "never" ${name} is for good`, () => {
    const book = bookOf(1);
    prepare(book);
    book.settle(addressOf(0), "never", 0);
    book.settle(addressOf(0), "useful", 0);
    book.add([addressOf(0)]);
    assertEquals([book.take(1e12), book.hasHope, book.nextDueAtMs()], [
      undefined,
      false,
      undefined,
    ]);
  });
}

const HOPES: readonly (readonly [string, readonly Outcome[], boolean])[] = [
  ["is not dialled yet", [], true],
  ["could not be reached", ["unreachable"], false],
  ["sent nothing", ["useless"], false],
  ["was useful", ["useful"], true],
  ["was useful and failed twice", ["useful", "unreachable", "useless"], true],
  ["was useful and failed three times", ["useful", "useless", "useless", "useless"], false],
  ["was not dialled for want of room", ["ours"], true],
  ["is banned", ["useful", "never"], false],
];

for (const [name, outcomes, hope] of HOPES) {
  Deno.test(`hasHope is ${hope} with a peer that ${name}`, () => {
    const book = bookOf(1);
    for (const outcome of outcomes) {
      book.take(1e12);
      assert(book.hasHope, "a peer that is being dialled is hope");
      book.settle(addressOf(0), outcome, 0);
    }
    assertEquals(book.hasHope, hope);
  });
}

Deno.test("hasHope is false without anybody", () => assert(!new PeerBook().hasHope));

Deno.test("add() keeps 3000 of 100,000 addresses, however they come", () => {
  const book = new PeerBook();
  for (let start = 0; start < 100_000; start += 5_000) {
    book.add(Array.from({ length: 5_000 }, (_, index) => addressOf(start + index)));
  }
  assertEquals(takeAll(book, 0).length, 3_000);
});

Deno.test("add() makes room by those that failed most, and by nobody else", () => {
  const book = bookOf(3_000);
  for (let index = 0; index < 1_000; index++) {
    book.take(0);
    book.settle(addressOf(index), index === 7 ? "useful" : "unreachable", 0);
  }
  book.settle(addressOf(5), "unreachable", 0);
  book.add([addressOf(5_000)]);
  const known = takeAll(book, 10_000).map(({ host }) => host);
  assertEquals(known.length, 3_000);
  const [dropped, added, kept] = [5, 5_000, 7].map((index) => addressOf(index).host);
  assert(!known.includes(dropped ?? "") && known.includes(added ?? ""));
  assert(known.includes(kept ?? ""));
  book.add(Array.from({ length: 5_000 }, (_, index) => addressOf(10_000 + index)));
  assertEquals(takeAll(book, 1e9), []);
});

Deno.test("add() makes room by those that are never to be dialled again, if by nobody else", () => {
  const book = bookOf(3_000);
  for (let index = 0; index < 3_000; index++) book.settle(addressOf(index), "never", 0);
  book.add([addressOf(5_000), addressOf(5_001)]);
  assertEquals(takeAll(book, 0), [addressOf(5_000), addressOf(5_001)]);
  book.add([addressOf(2_999)]);
  assertEquals(takeAll(book, 0), [], "the others are known still");
});

Deno.test("forget() drops everybody but the banned, also those that are connected", () => {
  const book = bookOf(4);
  book.take(0);
  book.settle(addressOf(1), "never", 0);
  book.settle(addressOf(2), "useful", 0);
  book.forget();
  book.settle(addressOf(0), "useful", 0);
  assertEquals([takeAll(book, 1e9), book.hasHope], [[], false]);
  book.add([addressOf(0), addressOf(1)]);
  assertEquals(takeAll(book, 0), [addressOf(0)]);
});

Deno.test("take() prefers a high priority where there are more addresses than places", () => {
  const priorities = [5, 9, 7, 9];
  const book = new PeerBook(({ host }) => priorities[Number(host.split(".")[3])] ?? 0);
  book.add([0, 1, 2, 3].map(addressOf));
  assertEquals(book.take(0, 2), addressOf(1), "the first of the best");
  assertEquals(book.take(0, 3), addressOf(0), "there are places for all");
  assertEquals(book.take(0, 1), addressOf(3));
});

Deno.test("rank() asks for the priorities again", () => {
  let best = 0;
  const book = new PeerBook(({ host }) => host.endsWith(`.${best}`) ? 1 : 0);
  book.add([0, 1, 2].map(addressOf));
  best = 2;
  assertEquals(book.take(0, 1), addressOf(0));
  book.rank();
  assertEquals(book.take(0, 1), addressOf(2));
});

Deno.test("rank() asks for the priorities when they matter next, however often it is called", () => {
  let asked = 0;
  const book = new PeerBook(() => asked++);
  book.add([0, 1, 2].map(addressOf));
  asked = 0;
  for (let times = 0; times < 100; times++) book.rank();
  assertEquals(book.take(0, 3), addressOf(0));
  assertEquals(asked, 0);
  assertEquals(book.take(0, 1), addressOf(2));
  assertEquals(asked, 3);
});
