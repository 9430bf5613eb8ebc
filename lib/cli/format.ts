/**
 * Numbers and texts as people read them on a terminal. Pure.
 *
 * @module
 */
import { unicodeWidth } from "@std/cli";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const SECONDS_PER_DAY = 86_400;
const MAX_DAYS = 99;

/** A number of bytes in three or four digits and a binary unit, such as `1.50 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.5 would be written as 1024: the next unit says it better.
  while (value >= (unit === 0 ? 1024 : 1023.5) && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? String(Math.round(value)) : threeDigits(value)} ${UNITS[unit]}`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** A number of bytes per second. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** A count with commas between thousands, whatever the locale of the machine. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count and its noun, which takes an s unless the count is one. */
export function formatNoun(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A time in seconds as `0:07`, `12:34`, `1:02:03` or `2d 03h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const days = Math.floor(whole / SECONDS_PER_DAY);
  const hours = Math.floor(whole / 3600) % 24;
  if (!(days <= MAX_DAYS)) return `over ${MAX_DAYS}d`;
  if (days > 0) return `${days}d ${twoDigits(hours)}h`;
  const minutes = Math.floor(whole / 60) % 60;
  const rest = `${twoDigits(whole % 60)}`;
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${rest}` : `${minutes}:${rest}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** A part of a whole in per cent with one decimal, rounded down: 100.0% means all of it. */
export function formatPercent(part: number, whole: number): string {
  const perMille = whole > 0 ? Math.floor((part / whole) * 1000) : 1000;
  // Rounding of a quotient may reach 1000 a few bytes before the end.
  const honest = part < whole ? Math.min(perMille, 999) : perMille;
  return `${(honest / 10).toFixed(1)}%`;
}

/** A moment given in seconds since 1970, in UTC; the number itself where it is no moment. */
export function formatMoment(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

const ELLIPSIS = "...";

/** The text, its end replaced by dots where it takes more than `columns` of a terminal. */
export function fitColumns(text: string, columns: number): string {
  if (unicodeWidth(text) <= columns) return text;
  const room = columns - ELLIPSIS.length;
  if (room < 0) return ELLIPSIS.slice(0, columns);
  let kept = "";
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += unicodeWidth(segment);
    if (width > room) break;
    kept += segment;
  }
  return kept + ELLIPSIS;
}
