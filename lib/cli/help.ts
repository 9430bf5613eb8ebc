/**
 * The help texts, made from the table of options. Pure.
 *
 * @module
 */
import {
  type CommandName,
  COMMANDS,
  type CommandSpec,
  OPTIONS,
  type OptionSpec,
} from "./option_table.ts";

const SOURCE_NOTE =
  "SOURCE is the path of a .torrent file, - for standard input, or an http(s) URL of one.";
const EXIT_CODES = `Exit codes:
  0    complete and verified       4    gave up: time-out, no peers
  1    any other failure           5    disk: full, read-only, not permitted
  2    wrong usage                 130  stopped by SIGINT
  3    the torrent is invalid      143  stopped by SIGTERM`;

/** What `--help` prints: of everything, or of one command. */
export function helpText(command?: CommandName): string {
  const spec = COMMANDS.find(({ name }) => name === command);
  return `${spec === undefined ? generalHelp() : commandHelp(spec)}\n`;
}

function generalHelp(): string {
  return [
    "westorrent - a BitTorrent client",
    `Usage:\n${columns(COMMANDS.map((spec) => [usageLine(spec), spec.summary]))}`,
    SOURCE_NOTE,
    `Options:\n${columns(OPTIONS.filter((option) => !isOfCreate(option)).map(optionRow))}`,
    `Options of create:\n${columns(OPTIONS.filter(isOfCreate).map(optionRow))}`,
    EXIT_CODES,
  ].join("\n\n");
}

function isOfCreate({ commands }: OptionSpec): boolean {
  return commands.every((command) => command === "create");
}

function commandHelp(spec: CommandSpec): string {
  const options = OPTIONS.filter(({ commands }) => commands.includes(spec.name));
  return [
    `${usageLine(spec)} [options]\n  ${spec.summary}`,
    ...(spec.usage.startsWith("SOURCE") ? [SOURCE_NOTE] : []),
    `Options:\n${columns(options.map(optionRow))}`,
  ].join("\n\n");
}

function usageLine(spec: CommandSpec): string {
  const name = spec.name === "download" ? "[download]" : spec.name;
  return ["westorrent", name, spec.usage].filter((word) => word !== "").join(" ");
}

function optionRow(spec: OptionSpec): [string, string] {
  const letter = spec.letter === undefined ? "    " : `-${spec.letter}, `;
  const value = spec.value === undefined ? "" : ` ${spec.value}`;
  return [`${letter}--${spec.name}${value}`, spec.summary];
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
