/**
 * What libtorrent sees in a torrent.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { run } from "./process.ts";

/** The keys that both speak of; those that a torrent lacks are empty in libtorrent's view. */
export interface Shown {
  readonly infoHash: string;
  readonly name: string;
  readonly totalLength: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly private: boolean;
  readonly files: readonly { readonly path: string; readonly length: number }[];
  readonly trackers: readonly (readonly string[])[];
  readonly webSeeds: readonly string[];
  readonly comment: string;
  readonly createdBy: string;
  readonly creationDate: number;
}

/** What libtorrent says of a .torrent file. */
export async function showTheirs(path: string): Promise<Shown> {
  const script = new URL("../libtorrent_show.py", import.meta.url).pathname;
  const { code, stdout, stderr } = await run({
    command: "/usr/bin/python3",
    args: [script, path],
    debianPackage: "python3-libtorrent",
  });
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout);
}
