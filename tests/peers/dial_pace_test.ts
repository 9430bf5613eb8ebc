import { assert, assertEquals } from "@std/assert";
import { DIAL_BURST, DialPace, DIALS_PER_SECOND } from "../../lib/peers/dial_pace.ts";

Deno.test("DialPace lets a burst through, then so many a second", () => {
  const pace = new DialPace();
  const count = (nowMs: number) => {
    let dials = 0;
    while (pace.take(nowMs)) dials++;
    return dials;
  };
  assertEquals(count(0), DIAL_BURST);
  assertEquals(count(1000), DIALS_PER_SECOND);
  assertEquals(count(3000), 2 * DIALS_PER_SECOND);
  assertEquals(count(1_000_000), DIAL_BURST);
});

Deno.test("DialPace.dueAtMs() is when take() allows the next one", () => {
  const pace = new DialPace();
  assertEquals(pace.dueAtMs(5), 5);
  while (pace.take(5));
  const dueAtMs = pace.dueAtMs(5);
  assert(!pace.take(dueAtMs - 1));
  assert(pace.take(dueAtMs));
});

Deno.test("DialPace lets whoever is due be dialled, however the time was cut", () => {
  const pace = new DialPace();
  const startMs = 1_000_000;
  while (pace.take(startMs));
  // Ten tenths that are looked at one by one do not make one.
  for (let nowMs = startMs; nowMs < startMs + 50; nowMs += 5) pace.dueAtMs(nowMs);
  assertEquals(pace.dueAtMs(startMs + 50), startMs + 50);
  assert(pace.take(startMs + 50));
  assert(!pace.take(startMs + 50));
});
