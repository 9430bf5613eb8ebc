/**
 * The command `show`: what is in a torrent, for people or as one JSON object. Pure.
 *
 * @module
 */
import { encodeHex } from "@std/encoding";
import { printable, redactUrl } from "../base/text.ts";
import type { Metainfo, TorrentFile } from "../torrent/metainfo.ts";
import { formatBytes, formatCount, formatMoment, formatNoun } from "./format.ts";
import { toJson } from "./json_text.ts";

/** The object that `show --json` prints, on one line. */
export function showJson(metainfo: Metainfo): string {
  return `${toJson(showObject(metainfo))}\n`;
}

/** What a torrent holds, ready for JSON.stringify(). */
export function showObject(metainfo: Metainfo): Readonly<Record<string, unknown>> {
  const { comment, source, createdBy, creationDate } = metainfo;
  return {
    infoHash: encodeHex(metainfo.infoHash),
    name: metainfo.name,
    totalLength: metainfo.geometry.totalLength,
    pieceLength: metainfo.pieceLength,
    pieceCount: metainfo.geometry.pieceCount,
    private: metainfo.isPrivate,
    files: metainfo.files.map(fileObject),
    trackers: metainfo.trackers,
    webSeeds: metainfo.webSeeds,
    nodes: metainfo.nodes,
    ...(comment === undefined ? {} : { comment }),
    ...(source === undefined ? {} : { source }),
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(creationDate === undefined ? {} : { creationDate }),
  };
}

function fileObject(file: TorrentFile): Readonly<Record<string, unknown>> {
  const shown = { path: file.path.join("/"), length: file.lengthBytes };
  return file.isPadding ? { ...shown, padding: true } : shown;
}

/** The same for people: facts first, then the files by folder. URLs are shown without secrets. */
export function showText(metainfo: Metainfo): string {
  return [...facts(metainfo), "Files:", fileLines(metainfo.files)].join("\n");
}

const LABEL_WIDTH = 14;

function facts(metainfo: Metainfo): string[] {
  const { geometry, pieceLength, creationDate, createdBy, comment, source } = metainfo;
  const realFiles = metainfo.files.filter(({ isPadding }) => !isPadding);
  const bytes = formatNoun(geometry.totalLength, "byte");
  return [
    ...fact("Name", metainfo.name),
    ...fact("Info hash", encodeHex(metainfo.infoHash)),
    ...fact("Size", `${formatBytes(geometry.totalLength)} (${bytes})`),
    ...fact("Contents", formatNoun(realFiles.length, "file")),
    ...fact("Pieces", `${formatCount(geometry.pieceCount)} of ${formatBytes(pieceLength)}`),
    ...fact("Private", metainfo.isPrivate ? "yes: peers come from its trackers only" : "no"),
    ...(creationDate === undefined ? [] : fact("Created", formatMoment(creationDate))),
    ...(createdBy === undefined ? [] : fact("Created by", createdBy)),
    ...(comment === undefined ? [] : fact("Comment", comment)),
    ...(source === undefined ? [] : fact("Source", source)),
    ...fact("Trackers", ...metainfo.trackers.map((tier) => tier.map(redactUrl).join(" "))),
    ...fact("Web seeds", ...metainfo.webSeeds.map(redactUrl)),
    ...fact("DHT nodes", ...metainfo.nodes),
  ];
}

/** One line for each value, the label on the first. */
function fact(label: string, ...values: readonly string[]): string[] {
  return values.map((value, index) =>
    `${(index === 0 ? `${label}:` : "").padEnd(LABEL_WIDTH)}${printable(value)}`
  );
}

/** A tree in the torrent's order, a line each: every folder is named when its files begin. */
function fileLines(files: readonly TorrentFile[]): string {
  let text = "";
  let open: readonly string[] = [];
  for (const { path, lengthBytes, isPadding } of files) {
    if (isPadding) continue;
    const last = path.length - 1;
    for (let depth = commonDepth(open, path); depth < last; depth++) {
      text += `${indent(depth)}${printable(path[depth] ?? "")}/\n`;
    }
    open = path;
    text += `${indent(last)}${printable(path[last] ?? "")}  (${formatBytes(lengthBytes)})\n`;
  }
  return text;
}

/** How many folders two paths share, from the first on. */
function commonDepth(left: readonly string[], right: readonly string[]): number {
  const most = Math.min(left.length, right.length) - 1;
  let depth = 0;
  while (depth < most && left[depth] === right[depth]) depth++;
  return depth;
}

function indent(depth: number): string {
  return "  ".repeat(depth + 1);
}
