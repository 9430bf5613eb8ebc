import { assertEquals } from "@std/assert";
import { LOCAL_SOURCE } from "../lib/ledger.ts";
import { Meter } from "../lib/meter.ts";
import {
  addSource,
  bitsOf,
  KIB,
  makeLedger,
  paddedGeometry,
  plainGeometry,
} from "./support/torrents.ts";

function makeMeter(): Meter {
  return new Meter(makeLedger(plainGeometry(100 * KIB, 16 * KIB)));
}

Deno.test("tick() reports progress twice a second", () => {
  const meter = makeMeter();
  const reportedAtMs = [0, 250, 499, 500, 750, 1000, 5000, 5250]
    .filter((atMs) => meter.tick(atMs, 1) !== undefined);
  assertEquals(reportedAtMs, [0, 500, 1000, 5000]);
});

Deno.test("progress() tells the rate of the last five seconds, and what is left at it", () => {
  const meter = makeMeter();
  assertEquals(meter.tick(0, 0)?.downloadRate, 0);
  for (let atMs = 500; atMs <= 10_000; atMs += 500) {
    if (atMs > 5_000) meter.count("useful", KIB);
    meter.tick(atMs, 0);
  }
  const { downloadRate, secondsLeft } = meter.progress(0);
  assertEquals([downloadRate, secondsLeft], [2 * KIB, 50]);
  for (let atMs = 10_500; atMs <= 16_000; atMs += 500) meter.tick(atMs, 0);
  const idle = meter.progress(0);
  assertEquals([idle.downloadRate, "secondsLeft" in idle], [0, false]);
});

Deno.test("progress() and transferred tell what the ledger knows", () => {
  const ledger = makeLedger(plainGeometry(100 * KIB, 16 * KIB), { verified: bitsOf(7, [0, 6]) });
  addSource(ledger);
  const meter = new Meter(ledger);
  meter.count("useful", 10);
  meter.count("wasted", 5);
  const progress = meter.progress(3);
  assertEquals([progress.haveBytes, progress.totalBytes], [20 * KIB, 100 * KIB]);
  assertEquals([progress.havePieces, progress.pieceCount], [2, 7]);
  assertEquals([progress.downloadedBytes, progress.wastedBytes], [15, 5]);
  assertEquals([progress.peers, progress.seeds, progress.availability], [3, 1, 1 + 2 / 7]);
  assertEquals(meter.transferred, { uploadedBytes: 0, downloadedBytes: 15, leftBytes: 80 * KIB });
});

Deno.test("idleMs is the time since something of use came", () => {
  const meter = makeMeter();
  assertEquals(meter.idleMs, 0);
  meter.tick(1_000, 0);
  meter.tick(3_000, 0);
  assertEquals(meter.idleMs, 2_000);
  meter.count("wasted", 10);
  meter.tick(4_000, 0);
  assertEquals(meter.idleMs, 3_000);
  meter.count("useful", 10);
  meter.tick(5_000, 0);
  assertEquals(meter.idleMs, 0);
});

Deno.test("wastePiece() counts what was downloaded of a wrong piece, and no more", () => {
  const ledger = makeLedger(paddedGeometry([20 * KIB, -44 * KIB, 1], 64 * KIB));
  const meter = new Meter(ledger);
  const piece = ledger.open(0);
  ledger.hold(piece, 0, LOCAL_SOURCE);
  ledger.hold(piece, 1, 7);
  meter.wastePiece(piece);
  assertEquals(meter.progress(0).wastedBytes, 4 * KIB);
});
