import { assert, assertEquals } from "@std/assert";
import { arrangeTrackers, MAX_TRACKERS } from "../../lib/tracker/tiers.ts";

/** Leaves every tier in its order: Fisher and Yates's shuffle then swaps each with itself. */
const unshuffled = () => 0.999999;
const open = { isPrivate: false, random: unshuffled };
const closed = { isPrivate: true, random: unshuffled };

Deno.test("arrangeTrackers() gives a public torrent one circle a tier, a private one a single circle", () => {
  const tiers = [["a", "b"], ["c"]];
  assertEquals(arrangeTrackers(tiers, open).map((circle) => circle.order()), [["a", "b"], ["c"]]);
  assertEquals(arrangeTrackers(tiers, closed).map((circle) => circle.order()), [["a", "b", "c"]]);
  assertEquals(arrangeTrackers([[], []], open), []);
  assertEquals(arrangeTrackers([], closed), []);
});

Deno.test("arrangeTrackers() takes each tracker once, and no flood of them", () => {
  const twice = arrangeTrackers([["a", "a"], ["a"], ["b", "a"]], open);
  assertEquals(twice.map((circle) => circle.order()), [["a"], ["b"]]);
  const flood = Array.from({ length: 5000 }, (_, index) => [`udp://t${index}:1`]);
  assertEquals(arrangeTrackers(flood, open).length, MAX_TRACKERS);
});

Deno.test("arrangeTrackers() shuffles inside a tier only", () => {
  const shuffled = arrangeTrackers([["a", "b", "c"], ["x", "y"]], { ...closed, random: () => 0 });
  const order = shuffled[0]?.order() ?? [];
  assertEquals(order, ["b", "c", "a", "y", "x"]);
  assert(["a", "b", "c"].every((url) => order.indexOf(url) < 3));
});

Deno.test("TrackerCircle.promote() puts who answered first in its tier and first of all", () => {
  const [circle] = arrangeTrackers([["a", "b"], ["c", "d"]], closed);
  assertEquals(circle?.current, undefined);
  circle?.promote("d");
  assertEquals(circle?.current, "d");
  assertEquals(circle?.order(), ["d", "a", "b", "c"]);
  circle?.promote("b");
  assertEquals(circle?.order(), ["b", "a", "d", "c"]);
});
