/**
 * What every Store must do, whatever it stands on.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Resumed, RunBytes, Store } from "../../lib/storage/store.ts";
import type { Metainfo } from "../../lib/torrent/metainfo.ts";
import {
  allPieces,
  check,
  type Fixture,
  indicesIn,
  multiFile,
  partsAt,
  pieceOf,
  putAt,
  singleFile,
  storePieces,
  wholePiece,
} from "./fixture.ts";

/** Opens a store for a torrent of which nothing is stored. */
export type OpenStore = (metainfo: Metainfo) => Promise<Store>;

const FIXTURES: readonly (readonly [string, Fixture])[] = [
  ["one file", singleFile(100_000)],
  ["a last piece that is whole", singleFile(65_536)],
  ["one piece longer than the file", singleFile(10, { pieceLength: 1 << 20 })],
  ["pieces of one byte", singleFile(33, { pieceLength: 1 })],
  ["pieces of an odd length", singleFile(100_001, { pieceLength: 10_007 })],
  [
    "pieces over many files",
    multiFile(
      Array.from({ length: 50 }, (_, n) => ({ path: `d${n % 5}/f${n}`, lengthBytes: n * 37 })),
    ),
  ],
  [
    "padding between files",
    multiFile([
      { path: "a", lengthBytes: 1000 },
      { path: ".pad/31768", lengthBytes: 31_768, isPadding: true },
      { path: "b/c", lengthBytes: 40_000 },
      { path: ".pad/25536", lengthBytes: 25_536, isPadding: true },
      { path: "empty", lengthBytes: 0 },
      { path: "d", lengthBytes: 5 },
    ]),
  ],
  ["only empty files", multiFile([{ path: "a/b", lengthBytes: 0 }, { path: "c", lengthBytes: 0 }])],
];

/** Registers the tests; `name` names the store. */
export function testStoreContract(name: string, open: OpenStore): void {
  for (const [words, fixture] of FIXTURES) {
    Deno.test(`${name} gives back what was put: ${words}`, () => testRoundTrip(open, fixture));
    Deno.test(`${name} is told pieces in parts, in any order: ${words}`, () =>
      testParts(open, fixture));
    Deno.test(`${name} tells what is wrong: ${words}`, () => testWrong(open, fixture));
  }
  Deno.test(`${name} reads and stores anywhere, across pieces and files`, () => testAnywhere(open));
  Deno.test(`${name} keeps padding zero whatever is put over it`, () => testPadding(open));
  Deno.test(`${name} refuses bytes outside of the torrent`, () => testOutside(open));
  Deno.test(`${name} stops its check when aborted before`, () => testAborted(open));
  Deno.test(`${name} is disposed twice without complaint`, async () => {
    const store = await open(singleFile(10).metainfo);
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
}

async function testRoundTrip(open: OpenStore, fixture: Fixture): Promise<void> {
  await using store = await open(fixture.metainfo);
  assertNothing(await check(store));
  await storePieces(store, fixture);
  await store.sync();
  await assertReadable(store, fixture);
  await store.finish();
}

async function assertReadable(store: Store, fixture: Fixture): Promise<void> {
  for (const pieceIndex of allPieces(fixture)) {
    const expected = pieceOf(fixture, pieceIndex);
    const into = new Uint8Array(expected.length).fill(0xaa);
    await store.read(fixture.metainfo.geometry.pieceOffset(pieceIndex), into);
    assertEquals(into, new Uint8Array(expected));
  }
}

/** Halves of pieces, the second ones first: only with the last half can the hash be known. */
async function testParts(open: OpenStore, fixture: Fixture): Promise<void> {
  await using store = await open(fixture.metainfo);
  await check(store);
  const pieces = allPieces(fixture).map((pieceIndex) => {
    const whole = wholePiece(fixture, pieceIndex);
    return cut(whole, Math.ceil(whole.bytes.length / 2));
  });
  for (const [, ...second] of pieces) {
    for (const part of second) {
      assertEquals(await store.put([{ ...part, endsPiece: false }]), [{ kind: "stored" }]);
    }
  }
  for (const [first] of pieces.toReversed()) {
    assertEquals(await store.put([{ ...first, endsPiece: true }]), [{ kind: "right" }]);
  }
  await assertReadable(store, fixture);
  await store.finish();
}

/** A piece in two parts, neither of them empty, if it is longer than a byte. */
function cut(whole: RunBytes, at: number): [RunBytes, ...RunBytes[]] {
  if (whole.bytes.length === 1) return [whole];
  return [
    { ...whole, bytes: whole.bytes.subarray(0, at), endsPiece: false },
    { ...whole, begin: at, bytes: whole.bytes.subarray(at) },
  ];
}

/** A byte is wrong: whole or in parts, the same digests tell which block, and the next attempt is right. */
async function testWrong(open: OpenStore, fixture: Fixture): Promise<void> {
  await using store = await open(fixture.metainfo);
  await check(store);
  for (const pieceIndex of allPieces(fixture)) {
    const whole = wholePiece(fixture, pieceIndex);
    const wrong = { ...whole, bytes: whole.bytes.map((byte, at) => at === 0 ? byte ^ 1 : byte) };
    const [outcome] = await store.put([wrong]);
    assert(outcome?.kind === "wrong");
    const outcomes = await store.put(cut(wrong, wrong.bytes.length - 1));
    assertEquals(outcomes.at(-1), outcome);
    assertEquals(await store.put([wrong, whole]), [outcome, { kind: "right" }]);
    const right = await store.digests(pieceIndex);
    assertEquals(outcome.digests.length, fixture.metainfo.geometry.blockCount(pieceIndex));
    const differing = right.flatMap((digest, at) => digest === outcome.digests[at] ? [] : [at]);
    assertEquals(differing, [0]);
  }
  await store.finish();
}

function assertNothing(resumed: Resumed): void {
  assertEquals(indicesIn(resumed.verified), []);
  assertEquals(resumed.partial.size, 0);
}

async function testAnywhere(open: OpenStore): Promise<void> {
  const files = Array.from({ length: 20 }, (_, n) => ({ path: `f${n}`, lengthBytes: 1 + n * 500 }));
  const fixture = multiFile(files, { pieceLength: 4096 });
  await using store = await open(fixture.metainfo);
  await check(store);
  const { length } = fixture.content;
  const cuts = [0, 1, 2, 4095, 4096, 20_000, 77_777, length - 1, length];
  const { geometry } = fixture.metainfo;
  const parts = cuts.flatMap((start, at) => [
    ...partsAt(geometry, start, fixture.content.subarray(start, cuts[at + 1])),
  ]);
  // From both ends to the middle.
  for (let part = parts.shift(); part !== undefined; part = parts.reverse().shift()) {
    assertEquals(await store.put([part]), [{ kind: "stored" }]);
  }
  for (const start of cuts) {
    for (const end of cuts.filter((cut) => cut >= start)) {
      const into = new Uint8Array(end - start);
      await store.read(start, into);
      assertEquals(into, fixture.content.slice(start, end));
    }
  }
}

async function testPadding(open: OpenStore): Promise<void> {
  const { metainfo } = multiFile([
    { path: "a", lengthBytes: 10 },
    { path: "p", lengthBytes: 6, isPadding: true },
    { path: "b", lengthBytes: 4 },
  ], { pieceLength: 16 });
  await using store = await open(metainfo);
  await check(store);
  await putAt(store, metainfo, { offset: 0, bytes: new Uint8Array(20).fill(7) });
  const into = new Uint8Array(20).fill(9);
  await store.read(0, into);
  assertEquals([...into], [...Array(10).fill(7), ...Array(6).fill(0), ...Array(4).fill(7)]);
}

async function testOutside(open: OpenStore): Promise<void> {
  const { metainfo } = singleFile(100);
  await using store = await open(metainfo);
  await check(store);
  await putAt(store, metainfo, { offset: 0, bytes: new Uint8Array(100) });
  await assertRejects(() => store.read(99, new Uint8Array(2)), RangeError);
  const part = { pieceIndex: 0, begin: 0, bytes: new Uint8Array(1), endsPiece: false };
  await assertRejects(() => store.put([{ ...part, begin: 100 }]), RangeError);
  await assertRejects(() => store.put([part, { ...part, pieceIndex: 1 }]), RangeError);
}

async function testAborted(open: OpenStore): Promise<void> {
  await using store = await open(singleFile(100).metainfo);
  const reason = new Error("enough");
  const caught = await assertRejects(() => check(store, AbortSignal.abort(reason)));
  assertEquals(caught, reason);
}
