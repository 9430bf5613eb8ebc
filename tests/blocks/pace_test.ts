import { assertEquals } from "@std/assert";
import { MAX_REQUESTS } from "../../lib/blocks/request_queue.ts";
import { Pace } from "../../lib/blocks/pace.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";

Deno.test("Pace asks for less than fills the queue that a peer names", async (t) => {
  const rows: readonly (readonly [string, number, number])[] = [
    ["Transmission, which drops the last request of a full queue", 512, 511],
    ["a queue for one request", 1, 1],
    ["a queue for nothing", 0, 1],
    ["a queue longer than we ever use", 1_000_000, MAX_REQUESTS],
  ];
  for (const [words, reqq, depth] of rows) {
    await t.step(words, () => {
      const pace = new Pace(MAX_REQUESTS);
      pace.setLimit(reqq);
      pace.asked(0);
      for (let block = 0; block < MAX_REQUESTS; block++) pace.received(BLOCK_LENGTH, 0);
      assertEquals(pace.depth, depth);
    });
  }
});
