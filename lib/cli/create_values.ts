/**
 * What `create` is told on the command line, checked. Pure.
 *
 * @module
 */
import { redactUrl } from "../base/text.ts";
import type { CreateOptions } from "../create/create_options.ts";
import { isSafeName } from "../torrent/path.ts";
import { isPieceLength } from "../torrent/piece_length.ts";
import { isTrackerUrl, isWebSeedUrl } from "../torrent/sources.ts";
import { bad, type Given, optional } from "./option_values.ts";
import { UsageError } from "./usage_error.ts";

/** A torrent to be made, and where it goes. */
export interface CreateRequest {
  /** Of the file or folder. */
  readonly path: string;
  /** Of the torrent, `-` for standard output; without one, it is named after what it is of. */
  readonly output?: string;
  /** Whether the output may replace a file. */
  readonly overwrite: boolean;
  /** Whether the torrent says when it was made. */
  readonly isDated: boolean;
  readonly options: Omit<CreateOptions, "creationDate" | "leaveOut" | "signal">;
}

/** @throws {UsageError} for values that are not what the help says */
export function readCreate(path: string, given: Given): CreateRequest {
  const output = given.get("output")?.at(-1);
  if (path === "") throw new UsageError("Cannot create a torrent: the path is empty");
  if (output === "-" && given.has("json")) {
    throw new UsageError("Cannot use --json with --output -: both are for standard output");
  }
  const text = (name: string) => optional(given, name, (value) => value);
  const name = optional(given, "name", checkName);
  const pieceLength = optional(given, "piece-length", parsePieceLength);
  const [comment, source] = [text("comment"), text("source")];
  return {
    path,
    overwrite: given.has("overwrite"),
    isDated: given.has("date"),
    ...(output === undefined ? {} : { output }),
    options: {
      trackers: (given.get("tracker") ?? []).map(parseTier),
      webSeeds: (given.get("web-seed") ?? []).map(checkWebSeed),
      isPrivate: given.has("private"),
      ...(name === undefined ? {} : { name }),
      ...(pieceLength === undefined ? {} : { pieceLength }),
      ...(comment === undefined ? {} : { comment }),
      ...(source === undefined ? {} : { source }),
    },
  };
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 * 1024 };

function parsePieceLength(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,9})(?:([KM])(?:iB)?)?$/i.exec(text) ?? [];
  const length = Number(digits) * (UNITS[unit.toUpperCase()] ?? NaN);
  if (isPieceLength(length)) return length;
  throw bad("piece-length", text, "a power of two of 16K to 256M");
}

/** A comma may be part of a URL: only one before the start of the next parts two. */
const BETWEEN_URLS = /, *(?=[a-z][a-z0-9+.-]*:\/\/)/i;

function parseTier(text: string): readonly string[] {
  const tier = text.split(BETWEEN_URLS);
  const wrong = tier.find((url) => !isTrackerUrl(url));
  if (wrong === undefined) return tier;
  throw bad("tracker", shown(wrong), "an http, https or udp URL");
}

function checkWebSeed(url: string): string {
  if (isWebSeedUrl(url)) return url;
  throw bad("web-seed", shown(url), "an http or https URL");
}

/** A URL may hold a key, and what is printed may be kept. */
function shown(url: string): string {
  return URL.canParse(url) ? redactUrl(url) : url;
}

function checkName(name: string): string {
  if (isSafeName(name)) return name;
  throw bad("name", name, "a name that every system takes");
}
