/**
 * Downloads from other people's clients by encrypted and by plain connections, as either side will have
 * it. Run by name: `deno test -A tests/interop/encryption.ts`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "../../lib/base/async.ts";
import type { Encryption } from "../../lib/peers/encryption.ts";
import { freePort, isListening, LOOPBACK, TemporaryFolder } from "./support/loopback.ts";
import { Relay } from "./support/relay.ts";
import {
  type ClientEncryption,
  SEEDING_CLIENTS,
  type SeedingClient,
  startLibtorrent,
} from "./support/seeders.ts";
import { makeTorrent, type TorrentToMake } from "./support/torrents.ts";
import { assertDownloaded, runWestorrent } from "./support/westorrent.ts";

const MIB = 1024 * 1024;

const CONTENT: TorrentToMake = {
  name: "content.bin",
  content: 8 * MIB + 5,
  pieceLengthBytes: 256 * 1024,
  // Nobody listens there: peers are named on the command line.
  announce: `http://${LOOPBACK}:${await freePort()}/announce`,
};

/** The client's, ours, and whether a plain handshake is to be seen on the way. */
const ROWS: readonly (readonly [ClientEncryption, Encryption, "plain" | "hidden"])[] = [
  ["usual", "require", "hidden"],
  ["require", "require", "hidden"],
  // A plain handshake is tried first, and closed.
  ["require", "allow", "plain"],
  ["usual", "off", "plain"],
  ["off", "allow", "plain"],
];

/** Those that take encrypted connections whatever they are told. */
const NEVER_OFF: readonly string[] = ["aria2"];

for (const client of SEEDING_CLIENTS) {
  for (const [theirs, ours, seen] of ROWS) {
    if (theirs === "off" && NEVER_OFF.includes(client.name)) continue;
    const how = theirs === "usual" ? "" : ` (encryption: ${theirs})`;
    Deno.test(`download() with --encryption ${ours} fetches from ${client.name}${how}`, () =>
      downloadFrom(client, { theirs, ours, seen }));
  }
}

async function downloadFrom(
  client: SeedingClient,
  row: {
    readonly theirs: ClientEncryption;
    readonly ours: Encryption;
    readonly seen: "plain" | "hidden";
  },
): Promise<void> {
  await using folder = await TemporaryFolder.make();
  const torrent = await makeTorrent(folder.path, CONTENT);
  const port = await freePort();
  await using _seeder = await client.start({ ...torrent, port, encryption: row.theirs });
  const watch = new Watch();
  await using relay = new Relay({ targetPort: port, onBytes: (bytes) => watch.look(bytes) });
  const output = await folder.folder("output");
  const outcome = await runWestorrent([
    ...[torrent.torrentPath, "-o", output, "--timeout", "30", "--encryption", row.ours],
    ...["--peer", `${LOOPBACK}:${relay.port}`],
  ]);
  assertEquals(outcome.code, 0, outcome.stderr);
  await assertDownloaded(output, torrent);
  assert(relay.deliveredBytes > 8 * MIB, "the content came by another way");
  assertEquals(watch.sawHandshake ? "plain" : "hidden", row.seen);
}

for (const theirs of ["require", "off"] as const) {
  Deno.test(`download() is dialled by libtorrent (encryption: ${theirs})`, async () => {
    await using folder = await TemporaryFolder.make();
    const torrent = await makeTorrent(folder.path, CONTENT);
    const output = await folder.folder("output");
    const port = await freePort();
    const running = runWestorrent([
      ...[torrent.torrentPath, "-o", output, "--timeout", "30"],
      ...["--port", `${port}`, "--encryption", theirs === "off" ? "allow" : theirs],
    ]);
    while (!await isListening(port)) await delay(20);
    const watch = new Watch();
    await using relay = new Relay({ targetPort: port, onBytes: (bytes) => watch.look(bytes) });
    const dialling = { encryption: theirs, announces: "never", peerPort: relay.port } as const;
    await using _seeder = await startLibtorrent({ ...torrent, ...dialling });
    const outcome = await running;
    assertEquals(outcome.code, 0, outcome.stderr);
    await assertDownloaded(output, torrent);
    assertEquals(watch.sawHandshake, theirs === "off");
  });
}

/** Whoever looks at the line. */
class Watch {
  sawHandshake = false;

  look(bytes: Uint8Array): void {
    // Latin-1, for every byte is one character of it.
    this.sawHandshake ||= new TextDecoder("latin1").decode(bytes).includes("BitTorrent protocol");
  }
}
