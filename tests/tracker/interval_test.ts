import { assert, assertEquals } from "@std/assert";
import {
  regularWaitSeconds,
  retryWaitSeconds,
  saneIntervalSeconds,
  starvedWaitSeconds,
} from "../../lib/tracker/interval.ts";

Deno.test("saneIntervalSeconds() keeps what makes sense", () => {
  const rows: [number | undefined, number][] = [
    [undefined, 1800],
    [0, 1800],
    [-1, 1800],
    [2 ** 31, 1800],
    [86_401, 1800],
    [86_400, 86_400],
    [1, 30],
    [29, 30],
    [30, 30],
    [1042, 1042],
  ];
  for (const [given, wanted] of rows) assertEquals(saneIntervalSeconds(given), wanted, `${given}`);
});

Deno.test("regularWaitSeconds() and starvedWaitSeconds() obey the tracker's minimum", () => {
  const rows: [string, number | undefined, number | undefined, number, number][] = [
    ["half, where no minimum is given", 1800, undefined, 1800, 900],
    ["the minimum, where it is given", 1800, 300, 1800, 300],
    ["a minimum of 10 s as 30 s", 1042, 10, 1042, 30],
    ["never under a minute without a minimum", 90, undefined, 90, 60],
    ["never longer than the interval", 30, undefined, 30, 30],
    ["a minimum above the interval rules both", 60, 600, 600, 600],
    ["a senseless minimum is none", 1800, -5, 1800, 900],
    ["nothing given at all", undefined, undefined, 1800, 900],
  ];
  for (const [name, intervalSeconds, minIntervalSeconds, regular, starved] of rows) {
    assertEquals(regularWaitSeconds({ intervalSeconds, minIntervalSeconds }), regular, name);
    assertEquals(starvedWaitSeconds({ intervalSeconds, minIntervalSeconds }), starved, name);
  }
});

Deno.test("retryWaitSeconds() doubles to half an hour, with a quarter either way", () => {
  assertEquals([1, 2, 3, 6, 7, 8].map((failures) => retryWaitSeconds(failures, 0.5)), [
    ...[30, 60, 120, 960, 1800, 1800],
  ]);
  assertEquals(retryWaitSeconds(1, 0), 22.5);
  assert(retryWaitSeconds(5000, 0.999) < 1800 * 1.25);
});
