/** What createTorrent() makes, with all that it told on the way. */
import type { CreateOptions } from "../../lib/create/create_options.ts";
import { type CreateEvent, createTorrent } from "../../lib/create/create_torrent.ts";
import type { Metainfo } from "../../lib/torrent/metainfo.ts";

/** A torrent made. */
export interface Created {
  readonly torrentBytes: Uint8Array;
  readonly metainfo: Metainfo;
  readonly warnings: readonly string[];
  readonly events: readonly CreateEvent[];
}

/** Makes one. */
export async function create(path: string, options: CreateOptions = {}): Promise<Created> {
  const events = await Array.fromAsync(createTorrent(path, options));
  const last = events.at(-1);
  if (last?.kind !== "created") throw new Error("no end");
  const warnings = events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
  return { ...last, warnings, events };
}

/** Bytes that are all different, made faster than random ones. */
export function manyBytes(lengthBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(lengthBytes / 4));
  for (let at = 0; at < words.length; at++) words[at] = Math.imul(at, 0x9e3779b1) ^ at >>> 7;
  return new Uint8Array(words.buffer, 0, lengthBytes);
}
