/** The torrent of `deno task demo` and of the README's samples. */
import type { FixtureOptions } from "./torrent_fixture.ts";

const MIB = 1024 * 1024;

/** Everything but the trackers, whose ports differ. */
export const DEMO_TORRENT: FixtureOptions = {
  name: "demo",
  files: [
    { path: "read me first.txt", lengthBytes: 1234 },
    { path: "films/one.bin", lengthBytes: 20 * MIB + 5 },
    { path: "films/two.bin", lengthBytes: 11 * MIB + 77 },
  ],
  pieceLength: 256 * 1024,
};
