/**
 * The commands and options of the command line: the one table that parsing, checking and help read.
 *
 * @module
 */

/** The commands, by the word that picks them; `download` is meant where none is given. */
export type CommandName = "download" | "show" | "verify" | "seed" | "create" | "tracker";

/** One command. */
export interface CommandSpec {
  readonly name: CommandName;
  /** What follows the name. */
  readonly usage: string;
  readonly summary: string;
  /** How many arguments it takes at least and at most. */
  readonly minArguments: number;
  readonly maxArguments: number;
}

/** One option. One that means something else to another command has an entry for that, too. */
export interface OptionSpec {
  readonly name: string;
  readonly letter?: string;
  /** What its value is called; an option without takes none. */
  readonly value?: string;
  readonly isRepeatable?: true;
  readonly commands: readonly CommandName[];
  readonly summary: string;
}

/** All commands. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "download",
    usage: "SOURCE",
    summary: "get the files of a torrent, verified (the default)",
    minArguments: 1,
    maxArguments: 1,
  },
  {
    name: "show",
    usage: "SOURCE",
    summary: "show what is in a torrent",
    minArguments: 1,
    maxArguments: 1,
  },
  {
    name: "verify",
    usage: "SOURCE [DIR]",
    summary: "check the files in DIR (default: here); no network",
    minArguments: 1,
    maxArguments: 2,
  },
  {
    name: "seed",
    usage: "SOURCE [DIR]",
    summary: "serve the complete files in DIR (default: here) until stopped",
    minArguments: 1,
    maxArguments: 2,
  },
  {
    name: "create",
    usage: "PATH",
    summary: "make a torrent of a file or folder",
    minArguments: 1,
    maxArguments: 1,
  },
  {
    name: "tracker",
    usage: "",
    summary: "run a mock tracker that names the peers in WESTORRENT_LOCAL_PEERS",
    minArguments: 0,
    maxArguments: 0,
  },
];

const ALL: readonly CommandName[] = ["download", "show", "verify", "seed", "create", "tracker"];

/** Those that talk with peers. */
const PEERS: readonly CommandName[] = ["download", "seed"];

/** All options, in the order in which help lists them. */
export const OPTIONS: readonly OptionSpec[] = [
  {
    name: "output",
    letter: "o",
    value: "DIR",
    commands: ["download"],
    summary: "where the files go (default: here)",
  },
  {
    name: "output",
    letter: "o",
    value: "FILE",
    commands: ["create"],
    summary: "where the torrent goes; - for standard output (default: NAME.torrent)",
  },
  {
    name: "tracker",
    value: "URL[,URL]",
    isRepeatable: true,
    commands: ["create"],
    summary: "a tier of trackers; repeated, a next tier",
  },
  {
    name: "web-seed",
    value: "URL",
    isRepeatable: true,
    commands: ["create"],
    summary: "a URL that serves the same; may be repeated",
  },
  {
    name: "piece-length",
    value: "N",
    commands: ["create"],
    summary: "16K to 256M, a power of two (default: by the length of all files)",
  },
  {
    name: "private",
    commands: ["create"],
    summary: "let peers come from the trackers only",
  },
  { name: "comment", value: "TEXT", commands: ["create"], summary: "for people to read" },
  {
    name: "source",
    value: "TEXT",
    commands: ["create"],
    summary: "make it another torrent than one with another source",
  },
  {
    name: "name",
    value: "NAME",
    commands: ["create"],
    summary: "what the file or folder is called (default: as it is)",
  },
  {
    name: "date",
    commands: ["create"],
    summary: "say when it was made; without, the same files make the same torrent",
  },
  {
    name: "peer",
    value: "HOST:PORT",
    isRepeatable: true,
    commands: PEERS,
    summary: "a peer to ask, beside those from trackers; may be repeated",
  },
  {
    name: "port",
    value: "N",
    commands: [...PEERS, "tracker"],
    summary: "listen on this port (default: a random one; tracker: 5000)",
  },
  {
    name: "no-listen",
    commands: PEERS,
    summary: "dial peers only, and let none dial us",
  },
  {
    name: "bind",
    value: "ADDR",
    commands: [...PEERS, "tracker"],
    summary: "use only this local IP address (tracker: 127.0.0.1)",
  },
  {
    name: "max-peers",
    value: "N",
    commands: PEERS,
    summary: "connect to at most so many peers",
  },
  {
    name: "down-limit",
    value: "RATE",
    commands: PEERS,
    summary: "receive at most so many bytes a second, such as 500K or 1.5M",
  },
  {
    name: "up-limit",
    value: "RATE",
    commands: PEERS,
    summary: "send at most so many bytes a second",
  },
  {
    name: "encryption",
    value: "MODE",
    commands: PEERS,
    summary: "encrypt connections: allow (default), require or off",
  },
  {
    name: "no-pex",
    commands: PEERS,
    summary: "do not exchange addresses with peers",
  },
  {
    name: "no-port-mapping",
    commands: PEERS,
    summary: "do not ask the gateway of a private network to let peers in",
  },
  {
    name: "timeout",
    value: "SECONDS",
    commands: ["download"],
    summary: "give up when nothing new arrived for so long (default: never)",
  },
  {
    name: "overwrite",
    commands: ["download", "create"],
    summary: "write over files that belong to something else; create: over FILE",
  },
  {
    name: "seed",
    commands: ["download"],
    summary: "go on serving the files when they are complete",
  },
  {
    name: "seed-ratio",
    value: "R",
    commands: PEERS,
    summary: "stop to seed when so many times the torrent's size is uploaded",
  },
  {
    name: "seed-time",
    value: "MINUTES",
    commands: PEERS,
    summary: "stop to seed after so long (default: never)",
  },
  {
    name: "super-seed",
    commands: ["seed"],
    summary: "show each peer but a piece or two at a time, as the only seed does best",
  },
  {
    name: "json",
    commands: [...PEERS, "show", "verify", "create"],
    summary: "JSON on standard output: one object a line; show, create: one object",
  },
  { name: "quiet", letter: "q", commands: ALL, summary: "print nothing but errors" },
  {
    name: "verbose",
    letter: "v",
    commands: ALL,
    summary: "print what trackers and peers do, and stack traces of errors",
  },
  { name: "help", letter: "h", commands: ALL, summary: "print this help" },
  { name: "version", letter: "V", commands: ALL, summary: "print the version" },
];
