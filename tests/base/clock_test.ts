import { assert, assertEquals, assertRejects } from "@std/assert";
import { untilAborted } from "../../lib/base/async.ts";
import { isTimeout, TimeLimit } from "../../lib/base/clock.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("TimeLimit aborts when its time is over", async () => {
  const clock = new FakeClock();
  using limit = new TimeLimit(5000, new AbortController().signal, clock);
  clock.advance(4999);
  await Promise.resolve();
  assert(!limit.signal.aborted);
  clock.advance(1);
  const error = await assertRejects(() => untilAborted(new Promise(() => {}), limit.signal));
  assert(isTimeout(error));
});

Deno.test("TimeLimit aborts with its parent, for the parent's reason", () => {
  const parent = new AbortController();
  using limit = new TimeLimit(5000, parent.signal, new FakeClock());
  parent.abort("enough");
  assertEquals(limit.signal.reason, "enough");
  using late = new TimeLimit(5000, parent.signal, new FakeClock());
  assertEquals(late.signal.reason, "enough");
});

Deno.test("TimeLimit leaves no timer behind once disposed", () => {
  const clock = new FakeClock();
  new TimeLimit(5000, new AbortController().signal, clock)[Symbol.dispose]();
  assertEquals(clock.waiting, 0);
});
