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
