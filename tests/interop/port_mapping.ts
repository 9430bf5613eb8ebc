/**
 * A port mapped by miniupnpd, and gone when the program has ended. For root, on Linux.
 * Run by name: `deno test -A tests/interop/port_mapping.ts`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { EXTERNAL_HOST, Home, HOME_HOST } from "./support/gateway.ts";
import { TemporaryFolder } from "./support/loopback.ts";
import { makeTorrent } from "./support/torrents.ts";

const MAIN_PATH = new URL("../../main.ts", import.meta.url).pathname;
const PORT = 51_413;
/** An address for documentation (RFC 5737): somebody beyond our network, who is not there. */
const FAR_PEER = "203.0.113.9:6881";

for (const protocol of ["pcp", "upnp"] as const) {
  Deno.test(`download() has its port mapped by ${protocol}, and gives it back`, async () => {
    await using folder = await TemporaryFolder.make();
    await using home = await Home.build(protocol);
    const { torrentPath } = await makeTorrent(folder.path, {
      name: "content.bin",
      content: 64 * 1024,
      pieceLengthBytes: 16 * 1024,
      announce: "http://127.0.0.1:9/announce",
    });
    const options = ["-o", await folder.folder("out"), "--port", `${PORT}`, "--peer", FAR_PEER];
    const args = ["run", "-A", "--no-prompt", MAIN_PATH, torrentPath, ...options, "--json"];
    {
      await using program = home.start(Deno.execPath(), args);
      await program.untilReady(() => program.output.includes('"kind":"mapping"'));
      const [line = ""] = program.output.split("\n").filter((text) => text.includes('"mapping"'));
      assertEquals(JSON.parse(line), {
        kind: "mapping",
        status: "mapped",
        method: protocol,
        externalHost: EXTERNAL_HOST,
        externalPort: PORT,
      });
      assertEquals(await home.mappings(), [`${PORT} -> ${HOME_HOST}:${PORT}`]);
    }
    assertEquals(await home.mappings(), []);
  });
}
