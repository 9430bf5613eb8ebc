import { assert, assertEquals } from "@std/assert";
import { PeerLimit } from "../../lib/peers/peer_limit.ts";

const INTERVAL_MS = 30_000;

Deno.test("PeerLimit leaves descriptors to others when there are no more", () => {
  const limit = new PeerLimit(200);
  assertEquals(limit.count, 200);
  limit.lower(50, 0);
  assertEquals(limit.count, 46);
  limit.lower(60, 0);
  assertEquals(limit.count, 42, "it falls, whatever came in between");
  limit.lower(2, 0);
  assertEquals(limit.count, 1);
});

Deno.test("PeerLimit rises again, step by step, up to what was asked for", () => {
  const limit = new PeerLimit(8);
  assert(!limit.raise(INTERVAL_MS), "nothing is missing");
  limit.lower(3, INTERVAL_MS);
  assert(!limit.raise(2 * INTERVAL_MS - 1), "not yet");
  const counts: number[] = [];
  for (let nowMs = 2 * INTERVAL_MS; limit.raise(nowMs); nowMs += INTERVAL_MS) {
    counts.push(limit.count);
  }
  assertEquals(counts, [2, 3, 4, 5, 7, 8]);
});

Deno.test("PeerLimit waits anew after each shortage", () => {
  const limit = new PeerLimit(100);
  limit.lower(50, 0);
  limit.lower(50, INTERVAL_MS - 1);
  assert(!limit.raise(INTERVAL_MS));
  assertEquals(limit.count, 42);
});
