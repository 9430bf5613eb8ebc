import { assert, assertEquals } from "@std/assert";
import {
  decodeHeader,
  decodeRecords,
  encodeHeader,
  encodeRecord,
  HEADER_LENGTH,
  type JournalRecord,
} from "../../lib/storage/journal.ts";
import { replayRecords } from "../../lib/storage/journal_state.ts";
import { Geometry } from "../../lib/torrent/geometry.ts";
import { indicesIn, randomNumbers } from "./fixture.ts";

const GEOMETRY = new Geometry([{ lengthBytes: 100 * 40_000, isPadding: false }], 40_000);

const HEADER = {
  infoHash: Uint8Array.from({ length: 20 }, (_, n) => n * 7),
  totalLength: 2 ** 45 + 1,
  pieceLength: 40_000,
  pieceCount: 100,
};

const RECORDS: readonly JournalRecord[] = [
  { kind: "boot", bootId: "d5e9ed7c-54c9-4575-80a9-4d80f7960902" },
  { kind: "verified", pieceIndices: [1, 2, 3] },
  { kind: "mark", end: 100 },
  { kind: "partial", pieceIndex: 7, blocks: Uint8Array.of(0xa0) },
  { kind: "verified", pieceIndices: [] },
  { kind: "complete" },
];

function journalOf(records: readonly JournalRecord[]): Uint8Array {
  const parts = [encodeHeader(HEADER), ...records.map(encodeRecord)];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function replay(records: readonly JournalRecord[], bootId: string) {
  return replayRecords(decodeRecords(journalOf(records)).records, GEOMETRY, bootId);
}

Deno.test("encodeHeader() and decodeHeader() are each other's inverse", () => {
  assertEquals(decodeHeader(encodeHeader(HEADER)), HEADER);
});

Deno.test("decodeHeader() refuses any header with one byte changed or missing", () => {
  for (let at = 0; at < HEADER_LENGTH; at++) {
    const bytes = encodeHeader(HEADER);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    assertEquals(decodeHeader(bytes), undefined);
    assertEquals(decodeHeader(encodeHeader(HEADER).subarray(0, at)), undefined);
  }
});

Deno.test("decodeRecords() gives back what was encoded", () => {
  const decoded = decodeRecords(journalOf(RECORDS));
  assertEquals(decoded.records.map(({ record }) => record), [...RECORDS]);
  assertEquals(decoded.tail, "whole");
});

Deno.test("decodeRecords() drops a torn tail, wherever it was cut", () => {
  const whole = journalOf(RECORDS);
  const ends = [HEADER_LENGTH, ...decodeRecords(whole).records.map(({ end }) => end)];
  for (let length = HEADER_LENGTH; length < whole.length; length++) {
    const decoded = decodeRecords(whole.subarray(0, length));
    assertEquals(decoded.end, Math.max(...ends.filter((end) => end <= length)));
    assertEquals(decoded.tail, ends.includes(length) ? "whole" : "torn");
  }
});

Deno.test("decodeRecords() takes zeros at the end for a torn tail", () => {
  const bytes = new Uint8Array([...journalOf(RECORDS), ...new Uint8Array(100)]);
  assertEquals(decodeRecords(bytes).tail, "torn");
  assertEquals(decodeRecords(bytes).records.length, RECORDS.length);
});

Deno.test("replayRecords() claims no piece that was not recorded, after 1000 random flips", () => {
  const next = randomNumbers(2026);
  const pieceIndices = Array.from({ length: 50 }, (_, n) => n * 2);
  const records = pieceIndices.map((index) =>
    ({ kind: "verified", pieceIndices: [index] }) as const
  );
  const whole = journalOf([{ kind: "boot", bootId: "now" }, ...records, {
    kind: "mark",
    end: 300,
  }]);
  for (let round = 0; round < 1000; round++) {
    const bytes = whole.slice();
    for (let flips = 1 + next() % 3; flips > 0; flips--) {
      const at = next() % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (next() % 8));
    }
    const state = replayRecords(decodeRecords(bytes).records, GEOMETRY, "now");
    const claimed = state === undefined ? [] : indicesIn(state.verified);
    assert(claimed.every((index) => index % 2 === 0));
    assert(
      decodeHeader(bytes) === undefined || bytes.subarray(0, 60).every((b, n) => b === whole[n]),
    );
  }
});

Deno.test("replayRecords() believes according to boots and marks", () => {
  const verified = (index: number) => ({ kind: "verified", pieceIndices: [index] }) as const;
  const boot = (bootId: string) => ({ kind: "boot", bootId }) as const;
  const all = { kind: "mark", end: 0 } as const;
  const rows: readonly (readonly [string, readonly JournalRecord[], string, number[]])[] = [
    ["a kill", [boot("a"), verified(1), verified(2)], "a", [1, 2]],
    ["a power loss", [boot("a"), verified(1), verified(2)], "b", []],
    ["a power loss after a mark", [boot("a"), verified(1), all, verified(2)], "b", [1]],
    ["a kill, then a power loss", [boot("a"), verified(1), boot("a"), verified(2)], "b", []],
    ["a power loss, then a kill", [boot("a"), verified(1), boot("b"), verified(2)], "b", [2]],
    ["a mark after a power loss", [boot("a"), verified(1), boot("b"), verified(2), all], "c", [2]],
    ["an unknown boot", [boot(""), verified(1)], "", []],
    ["an unknown boot after a mark", [boot(""), verified(1), all], "", [1]],
    ["no boot record", [verified(1)], "a", []],
  ];
  for (const [words, records, bootId, expected] of rows) {
    const state = replay(records.map((record) => reaching(record, records)), bootId);
    assertEquals(state && indicesIn(state.verified), expected, words);
  }
});

/** Makes a mark cover everything before it. */
function reaching(record: JournalRecord, records: readonly JournalRecord[]): JournalRecord {
  if (record.kind !== "mark") return record;
  return { kind: "mark", end: journalOf(records.slice(0, records.indexOf(record))).length };
}

Deno.test("replayRecords() refuses what the torrent does not have", () => {
  const rows: readonly (readonly [string, JournalRecord])[] = [
    ["a piece beyond the last", { kind: "verified", pieceIndices: [100] }],
    ["a partial piece beyond", { kind: "partial", pieceIndex: 100, blocks: Uint8Array.of(0x80) }],
    ["too few blocks", { kind: "partial", pieceIndex: 1, blocks: new Uint8Array(0) }],
    ["too many blocks", { kind: "partial", pieceIndex: 1, blocks: Uint8Array.of(0x80, 0) }],
    ["spare bits", { kind: "partial", pieceIndex: 1, blocks: Uint8Array.of(0x10) }],
    ["a mark of the future", { kind: "mark", end: 1000 }],
  ];
  for (const [words, record] of rows) {
    assertEquals(replay([{ kind: "boot", bootId: "a" }, record], "a"), undefined, words);
  }
});

Deno.test("replayRecords() takes a complete journal for every piece", () => {
  const state = replay([{ kind: "boot", bootId: "a" }, { kind: "complete" }], "a");
  assertEquals(state && indicesIn(state.verified).length, 100);
});

Deno.test("replayRecords() takes no time over and over for records that say the same of all pieces", () => {
  const geometry = new Geometry([{ lengthBytes: 2 ** 21, isPadding: false }], 1);
  const complete = { record: { kind: "complete" }, end: 100 } as const;
  const records = [
    { record: { kind: "boot", bootId: "now" }, end: 80 } as const,
    // Each by itself takes milliseconds: all together would take minutes.
    ...Array(50_000).fill(complete),
  ];
  const state = replayRecords(records, geometry, "now");
  assert(state?.verified.every((byte) => byte === 0xff));
});
