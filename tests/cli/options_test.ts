import { assert, assertEquals, assertThrows } from "@std/assert";
import { printable } from "../../lib/base/text.ts";
import { helpText } from "../../lib/cli/help.ts";
import { OPTIONS } from "../../lib/cli/option_table.ts";
import { parseInvocation } from "../../lib/cli/options.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

Deno.test("parseInvocation() reads what the help promises", () => {
  const rows: [string, string[], Record<string, unknown>][] = [
    ["a path alone", ["a.torrent"], { kind: "download", source: "a.torrent" }],
    ["the command named", ["download", "a.torrent"], { kind: "download", source: "a.torrent" }],
    ["a name like a number", ["1e3"], { kind: "download", source: "1e3" }],
    ["a name after --", ["--", "-x.torrent"], { kind: "download", source: "-x.torrent" }],
    ["standard input", ["-"], { kind: "download", source: "-" }],
    ["a URL", ["show", "http://h/a?b"], { kind: "show", source: "http://h/a?b" }],
    ["verify here", ["verify", "a"], { kind: "verify", source: "a", directory: "." }],
    ["verify there", ["verify", "a", "d"], { kind: "verify", source: "a", directory: "d" }],
    ["create", ["create", "films"], {
      kind: "create",
      path: "films",
      overwrite: false,
      isDated: false,
    }],
    ["the tracker", ["tracker"], { kind: "tracker", host: "127.0.0.1", port: 5000 }],
    ["its port", ["tracker", "--port", "81"], { kind: "tracker", host: "127.0.0.1", port: 81 }],
    ["help", ["--help"], { kind: "help" }],
    ["help before anything else", ["-h", "--port", "x"], { kind: "help" }],
    ["help of a command", ["show", "-h"], { kind: "help", command: "show" }],
    ["the version", ["-V"], { kind: "version" }],
  ];
  for (const [words, args, expected] of rows) {
    const { display: _, ...rest } = parseInvocation(args);
    const { options: __, ...shown } = { options: undefined, ...rest };
    assertEquals<unknown>(shown, expected, words);
  }
});

Deno.test("parseInvocation() reads every option of download", () => {
  const invocation = parseInvocation([
    ..."-o out --peer 10.0.0.1:6881 --peer [::1]:7 --port 6881 --bind 127.0.0.9".split(" "),
    ..."--max-peers 5 --no-pex --no-port-mapping --timeout 1.5 --overwrite --json -v".split(" "),
    ..."--encryption require --down-limit 1.5m --up-limit 20000 x.torrent".split(" "),
  ]);
  assertEquals<unknown>(invocation, {
    kind: "download",
    source: "x.torrent",
    display: { format: "json", verbosity: "verbose" },
    options: {
      directory: "out",
      peers: [{ host: "10.0.0.1", port: 6881 }, { host: "::1", port: 7 }],
      overwrite: true,
      usePex: false,
      usePortMapping: false,
      port: 6881,
      bind: "127.0.0.9",
      maxPeers: 5,
      encryption: "require",
      limits: { down: 1_572_864, up: 20_000 },
      timeoutMs: 1500,
    },
  });
});

Deno.test("parseInvocation() reads every option of create", () => {
  const invocation = parseInvocation([
    ..."create films -o out.torrent --overwrite --date --private --piece-length 256k".split(" "),
    ..."--tracker http://h/a,udp://i:80,http://j/?a,b --tracker https://k/".split(" "),
    ..."--web-seed http://h/x,y --web-seed https://i/ --source S --comment C --name N -q".split(
      " ",
    ),
  ]);
  assertEquals<unknown>(invocation, {
    kind: "create",
    path: "films",
    output: "out.torrent",
    overwrite: true,
    isDated: true,
    display: { format: "people", verbosity: "quiet" },
    options: {
      name: "N",
      pieceLength: 262_144,
      trackers: [["http://h/a", "udp://i:80", "http://j/?a,b"], ["https://k/"]],
      webSeeds: ["http://h/x,y", "https://i/"],
      isPrivate: true,
      comment: "C",
      source: "S",
    },
  });
  const rows: [string, number][] = [["16K", 2 ** 14], ["4MiB", 2 ** 22], ["1048576", 2 ** 20]];
  for (const [text, pieceLength] of rows) {
    const read = parseInvocation(["create", "x", "--piece-length", text]);
    assertEquals(read.kind === "create" && read.options.pieceLength, pieceLength, text);
  }
});

/** Of create. */
const WRONG_CREATIONS: readonly [string, string[], string][] = [
  ["create of nothing", ["create"], "Cannot create: no PATH is given; see --help"],
  ["create of an empty path", ["create", ""], "the path is empty"],
  ["pieces of 3K", ["create", "a", "--piece-length", "3K"], '"3K" is not a power of two'],
  ["pieces of 1G", ["create", "a", "--piece-length", "1G"], '"1G" is not a power of two'],
  ["pieces of 512M", ["create", "a", "--piece-length", "512M"], "is not a power of two"],
  ["a tracker of another kind", ["create", "a", "--tracker", "ws://h"], "is not an http, https"],
  ["one in a tier", ["create", "a", "--tracker", "http://h,x://i"], '"x://i" is not an http'],
  ["a web seed", ["create", "a", "--web-seed", "udp://h:1"], "is not an http or https URL"],
  ["a name that is a path", ["create", "a", "--name", "a/b"], '--name: "a/b" is not a name'],
  ["two outputs in one", ["create", "a", "-o", "-", "--json"], "both are for standard output"],
  ["two outputs", ["create", "a", "-o", "b", "-o", "c"], "--output more than once"],
  ["a date for a download", ["a", "--date"], "Cannot use --date with download"],
];

Deno.test("parseInvocation() refuses what is wrong in one line", () => {
  const rows: [string, string[], string][] = [
    ["nothing", [], "Cannot download: no SOURCE is given; see --help"],
    ["an empty source", [""], "Cannot open the source: it is empty"],
    ["two sources", ["a", "b"], 'Cannot use argument "b": download takes no more than SOURCE'],
    ["a mistyped command", ["shwo", "a"], 'no more than SOURCE, and "shwo" is no command'],
    ["a mistyped option", ["a", "--ouput", "x"], "did you mean --output?"],
    ["an unlike option", ["a", "--frobnicate"], "it does not exist; see --help"],
    ["an unknown letter", ["a", "-x"], 'Cannot use option "-x"'],
    ["a letter among known ones", ["a", "-qx"], 'Cannot use option "-x"'],
    ["an option to come", ["a", "--stdout"], 'Cannot use option "--stdout": it does not exist'],
    ["a negated option", ["a", "--no-json"], 'Cannot use option "--no-json"'],
    ["a prototype's name", ["a", "--__proto__=1"], 'Cannot use option "--__proto__"'],
    ["a value missing", ["a", "-o"], "Cannot use --output: its value is missing"],
    ["an empty value", ["a", "-o", ""], "Cannot use --output: its value is missing"],
    ["an empty value behind =", ["a", "--port="], "Cannot use --port: its value is missing"],
    ["a value for none", ["a", "--seed=no"], "Cannot use --seed: it takes no value"],
    ["one for a negation", ["a", "--no-pex=yes"], "Cannot use --no-pex: it takes no value"],
    ["a value twice", ["a", "--port", "1", "--port", "2"], "Cannot use --port more than once"],
    ["another's option", ["show", "a", "--port", "1"], "Cannot use --port with show"],
    ["port 0", ["a", "--port", "0"], 'Cannot use --port: "0" is not a whole number of 1 to 65535'],
    ["port 65536", ["a", "--port", "65536"], "is not a whole number"],
    ["a port in hex", ["a", "--port", "0x50"], "is not a whole number"],
    ["a name to bind", ["a", "--bind", "localhost"], "is not an IP address"],
    ["no peers", ["a", "--max-peers", "0"], "is not a whole number of 1 to 10000"],
    ["no such encryption", ["a", "--encryption", "on"], "is not allow, require or off"],
    ["no time", ["a", "--timeout", "0"], "is not a number of seconds"],
    ["endless time", ["a", "--timeout", "99999999"], "is not a number of seconds"],
    ["a goal without --seed", ["a", "--seed-ratio", "1"], "without --seed"],
    ["a port and none", ["a", "--port", "5", "--no-listen"], "Cannot be both"],
    ["no ratio", ["a", "--seed", "--seed-ratio", "0"], "is not a number above 0"],
    ["no seeding", ["seed", "a", "--seed-time", "0"], "is not a number of minutes"],
    ["seed --seed", ["seed", "a", "--seed"], "Cannot use --seed with seed"],
    ["a peer without port", ["a", "--peer", "10.0.0.1"], "is not HOST:PORT"],
    ["a magnet link", ["magnet:?xt=urn:btih:x"], "magnet links are not supported yet"],
    ["another scheme", ["ftp://h/a"], "it is not an http or https URL"],
    ["a URL with a line feed", ["http://h/\na"], "it is not an http or https URL"],
    ["quiet and verbose", ["a", "-q", "-v"], "Cannot be both --quiet and --verbose"],
  ];
  for (const [words, args, expected] of [...rows, ...WRONG_CREATIONS]) {
    const error = assertThrows(() => parseInvocation(args), UsageError, expected, words);
    assertEquals(printable(error.message), error.message, words);
  }
});

Deno.test("parseInvocation() takes for a rate", async (t) => {
  const rows: readonly (readonly [string, number | undefined])[] = [
    ["1024", 1024],
    ["1K", 1024],
    ["1.5m", 1_572_864],
    ["2MiB", 2_097_152],
    ["1024G", 2 ** 40],
    ["0", undefined],
    ["1023", undefined],
    ["1025G", undefined],
    ["1MB/s", undefined],
    ["M", undefined],
    ["1.", undefined],
    ["-5K", undefined],
    ["0x10000", undefined],
  ];
  for (const [text, expected] of rows) {
    await t.step(text, () => {
      const parse = () => parseInvocation(["a", `--down-limit=${text}`]);
      if (expected === undefined) {
        assertThrows(parse, UsageError, `Cannot use --down-limit: "${text}" is not a rate`);
        return;
      }
      const read = parse();
      assertEquals(read.kind === "download" && read.options.limits, { down: expected });
    });
  }
});

Deno.test("helpText() names every option of a command and none of others", () => {
  for (const { name } of OPTIONS) assert(helpText().includes(`--${name} `), name);
  assert(!helpText("show").includes("--port"));
  assert(helpText().split("\n").every((line) => line.length <= 100));
});
