/**
 * The line that shows how far a download or a check is, for any width of terminal. Pure, and plain
 * ASCII but for the name, since other line-drawing characters are two columns wide on some terminals.
 *
 * @module
 */
import { unicodeWidth } from "@std/cli";
import type { HashingEvent } from "../create/create_torrent.ts";
import type { CheckingEvent, ProgressEvent } from "../events.ts";
import {
  fitColumns,
  formatBytes,
  formatDuration,
  formatNoun,
  formatPercent,
  formatRate,
} from "./format.ts";

/** How to draw a line. */
export interface LineStyle {
  /** How many columns the terminal has; the line stays below, so that no terminal wraps it. */
  readonly columns: number;
  readonly colors: "on" | "off";
}

/** What one line is made of: `fields` in the order of their weight, least important last. */
interface LineParts {
  readonly name: string;
  readonly percent: string;
  /** 0 to 1. */
  readonly fraction: number;
  readonly fields: readonly string[];
}

const GAP = "  ";
const MIN_BAR = 12;
const MAX_BAR = 42;
const MIN_NAME = 12;
const GREEN = "\x1b[32m";
const PLAIN = "\x1b[39m";

/** The line of a running download. */
export function renderProgress(name: string, event: ProgressEvent, style: LineStyle): string {
  const { haveBytes, totalBytes } = event;
  if (event.mode === "seed") return renderSeeding(name, event, style);
  return renderLine({
    name,
    percent: formatPercent(haveBytes, totalBytes).padStart(5),
    fraction: totalBytes > 0 ? haveBytes / totalBytes : 1,
    fields: progressFields(event),
  }, style);
}

/** The same once everything is there, and only given: nothing of it ends, so that there is no bar. */
function renderSeeding(name: string, event: ProgressEvent, style: LineStyle): string {
  const [first = "", ...others] = seedingFields(event);
  const line = [first];
  let room = style.columns - 1 - first.length;
  for (const field of others) {
    if (field.length + GAP.length > room) break;
    line.push(field);
    room -= field.length + GAP.length;
  }
  const shown = nameFor(name, room - GAP.length);
  if (shown !== undefined) line.unshift(shown);
  return line.join(GAP).slice(0, Math.max(0, style.columns - 1));
}

function seedingFields(event: ProgressEvent): string[] {
  const ratio = event.uploadedBytes / Math.max(event.totalBytes, 1);
  const { uploadedBytes, uploadRate, peers } = event;
  return [
    `seeding at ${formatRate(uploadRate)}`,
    `${formatBytes(uploadedBytes)} given, ratio ${ratio.toFixed(2)}`,
    peers === 0 ? "no peers" : formatNoun(peers, "peer"),
  ];
}

function progressFields(event: ProgressEvent): string[] {
  const fields = [formatRate(event.downloadRate)];
  if (event.uploadRate > 0) fields.push(`up ${formatRate(event.uploadRate)}`);
  if (event.secondsLeft !== undefined) fields.push(`${formatDuration(event.secondsLeft)} left`);
  fields.push(peersField(event));
  // Below one whole copy the download cannot end with the peers it has: worth a place.
  if (event.availability < 1 && event.peers > 0) {
    fields.push(`availability ${(Math.floor(event.availability * 100) / 100).toFixed(2)}`);
  }
  return fields;
}

function peersField(event: ProgressEvent): string {
  if (event.peers === 0) return "no peers yet";
  const seeds = event.seeds > 0 ? `, ${formatNoun(event.seeds, "seed")}` : "";
  return `${formatNoun(event.peers, "peer")}${seeds}`;
}

/** What is read on this machine alone: files checked, or hashed for a new torrent. */
type ReadingEvent = CheckingEvent | HashingEvent;

/** The line of a check of what lies on disk, or of the hashing for a new torrent. */
export function renderChecking(name: string, event: ReadingEvent, style: LineStyle): string {
  const { verb, doneBytes, totalBytes } = readingOf(event);
  return renderLine({
    name,
    percent: `${verb} ${formatPercent(doneBytes, totalBytes)}`,
    fraction: totalBytes > 0 ? doneBytes / totalBytes : 1,
    fields: [`${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`],
  }, style);
}

function readingOf(event: ReadingEvent) {
  const { totalBytes } = event;
  return event.kind === "checking"
    ? { verb: "Checking", doneBytes: event.checkedBytes, totalBytes }
    : { verb: "Hashing", doneBytes: event.hashedBytes, totalBytes };
}

/** The same as words without a bar, for a log. */
export function describeProgress(event: ProgressEvent): string {
  if (event.mode === "seed") return seedingFields(event).join(", ");
  const done = `${formatBytes(event.haveBytes)} of ${formatBytes(event.totalBytes)}`;
  const percent = formatPercent(event.haveBytes, event.totalBytes);
  return [`${percent} (${done})`, ...progressFields(event)].join(", ");
}

/** The same for a check. */
export function describeChecking(event: ReadingEvent): string {
  const { verb, doneBytes, totalBytes } = readingOf(event);
  const done = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  return `${verb}: ${formatPercent(doneBytes, totalBytes)} (${done})`;
}

/** Fields by weight while they fit, then the bar, then the name, each in what room is left. */
function renderLine(parts: LineParts, style: LineStyle): string {
  let room = style.columns - 1 - parts.percent.length;
  const shown: string[] = [];
  for (const field of parts.fields) {
    if (field.length + GAP.length > room) break;
    shown.push(field);
    room -= field.length + GAP.length;
  }
  const barWidth = Math.min(MAX_BAR, room - GAP.length);
  const bar = barWidth >= MIN_BAR ? renderBar(parts.fraction, barWidth, style) : undefined;
  const name = bar && nameFor(parts.name, room - barWidth - 2 * GAP.length);
  const line = [name, parts.percent, bar, ...shown].filter((part) => part !== undefined);
  return fitWhole(line.join(GAP), style);
}

function nameFor(name: string, room: number): string | undefined {
  if (name === "") return undefined;
  return room >= Math.min(MIN_NAME, unicodeWidth(name)) ? fitColumns(name, room) : undefined;
}

/** Only a terminal too narrow for a bar, and so for colours, needs cutting. */
function fitWhole(line: string, style: LineStyle): string {
  return style.columns <= MIN_BAR + MIN_NAME ? line.slice(0, Math.max(0, style.columns - 1)) : line;
}

function renderBar(fraction: number, width: number, style: LineStyle): string {
  const inside = width - 2;
  const filled = Math.min(inside, Math.floor(fraction * inside));
  const head = filled < inside && filled > 0 ? ">" : "";
  const done = "=".repeat(filled - head.length) + head;
  const rest = " ".repeat(inside - filled);
  return style.colors === "on" ? `[${GREEN}${done}${PLAIN}${rest}]` : `[${done}${rest}]`;
}
