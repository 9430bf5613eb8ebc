import { assert, assertEquals } from "@std/assert";
import { unicodeWidth } from "@std/cli";
import {
  fitColumns,
  formatBytes,
  formatCount,
  formatDuration,
  formatMoment,
  formatNoun,
  formatPercent,
} from "../../lib/cli/format.ts";

Deno.test("formatBytes() keeps three or four digits and climbs the units", () => {
  const rows: [number, string][] = [
    [0, "0 B"],
    [1, "1 B"],
    [999, "999 B"],
    [1023, "1023 B"],
    [1024, "1.00 KiB"],
    [1536, "1.50 KiB"],
    [10 * 1024, "10.0 KiB"],
    [10_239, "10.0 KiB"],
    [102_399, "100 KiB"],
    [1024 * 1023.4, "1023 KiB"],
    [1024 * 1023.6, "1.00 MiB"],
    [1024 ** 2 - 1, "1.00 MiB"],
    [1024 ** 3 * 2.5, "2.50 GiB"],
    [1024 ** 5 * 5000, "5000 PiB"],
  ];
  for (const [bytes, expected] of rows) assertEquals(formatBytes(bytes), expected, String(bytes));
});

Deno.test("formatPercent() says 100 only of the whole", () => {
  const rows: [number, number, string][] = [
    [0, 100, "0.0%"],
    [1, 3, "33.3%"],
    [999_999, 1_000_000, "99.9%"],
    [2 ** 53 - 2, 2 ** 53 - 1, "99.9%"],
    [100, 100, "100.0%"],
    [0, 0, "100.0%"],
  ];
  for (const [part, whole, expected] of rows) {
    assertEquals(formatPercent(part, whole), expected, `${part} of ${whole}`);
  }
});

Deno.test("formatDuration() grows from minutes to days", () => {
  const rows: [number, string][] = [
    [0, "0:00"],
    [7.4, "0:07"],
    [59.6, "1:00"],
    [754, "12:34"],
    [3723, "1:02:03"],
    [90_000, "1d 01h"],
    [1e9, "over 99d"],
    [Infinity, "over 99d"],
    [-1, "0:00"],
  ];
  for (const [seconds, expected] of rows) {
    assertEquals(formatDuration(seconds), expected, String(seconds));
  }
});

Deno.test("formatCount() and formatNoun() read well", () => {
  assertEquals(formatCount(1234567), "1,234,567");
  assertEquals(formatCount(123), "123");
  assertEquals(formatNoun(1, "peer"), "1 peer");
  assertEquals(formatNoun(1000, "peer"), "1,000 peers");
});

Deno.test("formatMoment() shows a number that is no date as it is", () => {
  assertEquals(formatMoment(0), "1970-01-01 00:00:00 UTC");
  assertEquals(formatMoment(1e300), "1e+300");
});

Deno.test("fitColumns() cuts by columns and splits no character", () => {
  const rows: [string, number, string][] = [
    ["short", 5, "short"],
    ["longer text", 8, "longe..."],
    ["日本語のファイル", 9, "日本語..."],
    ["日本語のファイル", 8, "日本..."],
    ["e\u0301e\u0301e\u0301e\u0301e\u0301", 4, "e\u0301..."],
    ["anything", 2, ".."],
    ["anything", 0, ""],
  ];
  for (const [text, columns, expected] of rows) {
    const fitted = fitColumns(text, columns);
    assertEquals(fitted, expected);
    assert(unicodeWidth(fitted) <= columns);
  }
});
