/**
 * The command line's words to one checked Invocation. Pure.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { parseAddress, type PeerAddress } from "../base/address.ts";
import { printable } from "../base/text.ts";
import type { DownloadOptions } from "../download.ts";
import type { SeedGoal, SeedOptions } from "../seed.ts";
import { type CreateRequest, readCreate } from "./create_values.ts";
import {
  checkBindAddress,
  checkSource,
  type Given,
  optional,
  parseEncryption,
  parseInteger,
  parseMinutes,
  parseRate,
  parseRatio,
  parseSeconds,
} from "./option_values.ts";
import { type CommandName, COMMANDS, type CommandSpec, OPTIONS } from "./option_table.ts";
import { nearest } from "./suggest.ts";
import { UsageError } from "./usage_error.ts";

/** How much is told, and in which form. */
export interface Display {
  readonly format: "people" | "json";
  readonly verbosity: "quiet" | "normal" | "verbose";
}

/** What the user wants, every value checked. */
export type Invocation =
  & { readonly display: Display }
  & (
    | { readonly kind: "help"; readonly command?: CommandName }
    | { readonly kind: "version" }
    | { readonly kind: "download"; readonly source: string; readonly options: DownloadOptions }
    | { readonly kind: "show"; readonly source: string }
    | { readonly kind: "verify"; readonly source: string; readonly directory: string }
    | { readonly kind: "seed"; readonly source: string; readonly options: SeedOptions }
    | ({ readonly kind: "create" } & CreateRequest)
    | { readonly kind: "tracker"; readonly host: string; readonly port: number }
  );

const DEFAULT_COMMAND: CommandSpec["name"] = "download";
const MOCK_TRACKER_PORT = 5000;
const MAX_PEERS = 10_000;

/**
 * Reads the arguments, without the program's name.
 *
 * @throws {UsageError} when they are not what the help says
 */
export function parseInvocation(args: readonly string[]): Invocation {
  const { given, words } = readArguments(args);
  const { spec, rest } = pickCommand(words);
  const display = readDisplay(given);
  if (given.has("help")) {
    return { kind: "help", display, ...(words.length > rest.length ? { command: spec.name } : {}) };
  }
  if (given.has("version")) return { kind: "version", display };
  checkOptions(spec, given);
  checkArguments(spec, rest, words);
  return invocationOf(spec.name, { given, rest, display });
}

function invocationOf(
  command: CommandName,
  parts: { readonly given: Given; readonly rest: readonly string[]; readonly display: Display },
): Invocation {
  const { given, rest, display } = parts;
  const [first = "", second = "."] = rest;
  switch (command) {
    case "download":
      return { kind: command, display, source: checkSource(first), options: readDownload(given) };
    case "show":
      return { kind: command, display, source: checkSource(first) };
    case "verify":
      return { kind: command, display, source: checkSource(first), directory: second };
    case "seed": {
      const superSeed = given.has("super-seed");
      const options = { ...readPeering(given), ...readGoal(given), superSeed, directory: second };
      return { kind: command, display, source: checkSource(first), options };
    }
    case "create":
      return { kind: command, display, ...readCreate(first, given) };
    case "tracker": {
      const port = optional(given, "port", (text) => parseInteger("port", text, 65535));
      const host = optional(given, "bind", checkBindAddress);
      return { kind: command, display, port: port ?? MOCK_TRACKER_PORT, host: host ?? "127.0.0.1" };
    }
  }
}

function readDownload(given: Given): DownloadOptions {
  const seconds = optional(given, "timeout", parseSeconds);
  const goal = readGoal(given);
  if (!given.has("seed") && Object.keys(goal).length > 0) {
    throw new UsageError("Cannot use --seed-ratio or --seed-time without --seed");
  }
  return {
    ...readPeering(given),
    directory: given.get("output")?.at(-1) ?? ".",
    overwrite: given.has("overwrite"),
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
    ...(given.has("seed") ? { seed: goal } : {}),
  };
}

type Peering = Pick<
  SeedOptions,
  | "peers"
  | "port"
  | "listens"
  | "bind"
  | "maxPeers"
  | "usePex"
  | "usePortMapping"
  | "limits"
  | "encryption"
>;

/** What all have in common who talk with peers. */
function readPeering(given: Given): Peering {
  if (given.has("port") && given.has("no-listen")) {
    throw new UsageError("Cannot be both --port and --no-listen");
  }
  const port = optional(given, "port", (text) => parseInteger("port", text, 65535));
  const bind = optional(given, "bind", checkBindAddress);
  const maxPeers = optional(
    given,
    "max-peers",
    (text) => parseInteger("max-peers", text, MAX_PEERS),
  );
  const down = optional(given, "down-limit", (text) => parseRate("down-limit", text));
  const up = optional(given, "up-limit", (text) => parseRate("up-limit", text));
  const limits = { ...(down === undefined ? {} : { down }), ...(up === undefined ? {} : { up }) };
  const encryption = optional(given, "encryption", parseEncryption);
  return {
    peers: (given.get("peer") ?? []).map(readPeer),
    ...(given.has("no-listen") ? { listens: false } : {}),
    ...(given.has("no-pex") ? { usePex: false } : {}),
    ...(given.has("no-port-mapping") ? { usePortMapping: false } : {}),
    ...(port === undefined ? {} : { port }),
    ...(bind === undefined ? {} : { bind }),
    ...(maxPeers === undefined ? {} : { maxPeers }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(encryption === undefined ? {} : { encryption }),
  };
}

function readGoal(given: Given): SeedGoal {
  const ratio = optional(given, "seed-ratio", parseRatio);
  const minutes = optional(given, "seed-time", parseMinutes);
  return {
    ...(ratio === undefined ? {} : { ratio }),
    ...(minutes === undefined ? {} : { timeMs: minutes * 60_000 }),
  };
}

function readPeer(text: string): PeerAddress {
  try {
    return parseAddress(text);
  } catch (cause) {
    throw new UsageError(`Cannot use --peer: "${printable(text, 80)}" is not HOST:PORT`, { cause });
  }
}

function readDisplay(given: Given): Display {
  if (given.has("quiet") && given.has("verbose")) {
    throw new UsageError("Cannot be both --quiet and --verbose");
  }
  const verbosity = given.has("quiet") ? "quiet" : given.has("verbose") ? "verbose" : "normal";
  return { format: given.has("json") ? "json" : "people", verbosity };
}

/** The words and options of the command line, the names of all options known. */
function readArguments(args: readonly string[]): { given: Given; words: readonly string[] } {
  checkAttachedValues(args);
  const valued = OPTIONS.filter(({ value }) => value !== undefined).map(({ name }) => name);
  const flags = OPTIONS.filter(({ value }) => value === undefined).map(({ name }) => name);
  const unknown: string[] = [];
  const parsed: Readonly<Record<string, unknown>> & { readonly _: readonly unknown[] } = parseArgs(
    [...args],
    {
      string: ["_", ...valued],
      boolean: flags,
      collect: valued,
      alias: Object.fromEntries(
        OPTIONS.flatMap(({ name, letter }) => letter === undefined ? [] : [[name, letter]]),
      ),
      unknown: (arg, key) => {
        if (key !== undefined) unknown.push(arg.startsWith("--") ? arg : `-${key}`);
        return key === undefined;
      },
    },
  );
  if (unknown[0] !== undefined) throw unknownOption(unknown[0]);
  const given = new Map<string, readonly string[]>();
  for (const name of flags) if (parsed[name] === true) given.set(name, [""]);
  for (const name of valued) {
    const values = [parsed[name] ?? []].flat().map(String);
    if (values.includes("")) throw missingValue(name);
    if (values.length > 0) given.set(name, values);
  }
  return { given, words: parsed._.map(String) };
}

/** What parseArgs() lets pass: `--seed=no` would mean --seed, and `--port=` an option called `port=`. */
function checkAttachedValues(args: readonly string[]): void {
  const end = args.indexOf("--");
  for (const arg of end === -1 ? args : args.slice(0, end)) {
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    const option = OPTIONS.find((option) => option.name === name);
    if (option === undefined) continue;
    if (option.value === undefined) {
      throw new UsageError(`Cannot use --${option.name}: it takes no value`);
    }
    if (value === "") throw missingValue(option.name);
  }
}

function missingValue(name: string): UsageError {
  return new UsageError(`Cannot use --${name}: its value is missing`);
}

function unknownOption(arg: string): UsageError {
  const [name = ""] = arg.split("=");
  const known = OPTIONS.map((option) => `--${option.name}`);
  const guess = name.startsWith("--") ? nearest(name, known) : undefined;
  const hint = guess === undefined ? "see --help" : `did you mean ${guess}?`;
  return new UsageError(`Cannot use option "${printable(name, 80)}": it does not exist; ${hint}`);
}

function pickCommand(words: readonly string[]): { spec: CommandSpec; rest: readonly string[] } {
  const named = COMMANDS.find(({ name }) => name === words[0]);
  const spec = named ?? COMMANDS.find(({ name }) => name === DEFAULT_COMMAND);
  if (spec === undefined) throw new TypeError("Cannot find the default command");
  return { spec, rest: named === undefined ? words : words.slice(1) };
}

function checkOptions(spec: CommandSpec, given: Given): void {
  for (const [name, values] of given) {
    const option = OPTIONS.find((option) =>
      option.name === name && option.commands.includes(spec.name)
    );
    if (option === undefined) {
      throw new UsageError(`Cannot use --${name} with ${spec.name}; see --help`);
    }
    if (!option.isRepeatable && values.length > 1) {
      throw new UsageError(`Cannot use --${name} more than once`);
    }
  }
}

function checkArguments(
  spec: CommandSpec,
  rest: readonly string[],
  words: readonly string[],
): void {
  if (rest.length < spec.minArguments) {
    const [missing = ""] = spec.usage.split(" ");
    throw new UsageError(`Cannot ${spec.name}: no ${missing} is given; see --help`);
  }
  const surplus = rest[spec.maxArguments];
  if (surplus === undefined) return;
  const [first = ""] = words;
  // The first word may have been meant for a command.
  const doubt = words.length > rest.length ? "" : `, and "${printable(first, 80)}" is no command`;
  throw new UsageError(
    `Cannot use argument "${printable(surplus, 80)}": ${spec.name} takes no more than ` +
      `${spec.maxArguments === 0 ? "options" : spec.usage}${doubt}`,
  );
}
