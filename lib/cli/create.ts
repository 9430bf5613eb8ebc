/**
 * The command `create`: a torrent of a file or folder, written to a file or to standard output.
 *
 * @module
 */
import { createTorrent } from "../create/create_torrent.ts";
import { nameOf } from "../create/survey.ts";
import type { Metainfo } from "../torrent/metainfo.ts";
import type { CreateRequest } from "./create_values.ts";
import { toJson } from "./json_text.ts";
import { checkNewFile, writeNewFile } from "./new_file.ts";
import type { Display } from "./options.ts";
import { showObject } from "./show.ts";
import type { CliEvent } from "./view.ts";

/** A path that is none: standard output. */
const STANDARD_OUTPUT = "-";

/** Makes and writes the torrent; as JSON, what was made is one object and nothing beside it. */
export async function* runCreate(
  request: CreateRequest & { readonly display: Display },
  signal: AbortSignal,
): AsyncGenerator<CliEvent, void, undefined> {
  const { options, isDated, overwrite, display } = request;
  const path = request.output ?? `${options.name ?? nameOf(request.path)}.torrent`;
  const file = path === STANDARD_OUTPUT ? undefined : { path, overwrite };
  if (file !== undefined) await checkNewFile(file);
  const creating = createTorrent(request.path, {
    ...options,
    ...(isDated ? { creationDate: Math.floor(Date.now() / 1000) } : {}),
    ...(file === undefined ? {} : { leaveOut: path }),
    signal,
  });
  const warnings: string[] = [];
  for await (const event of creating) {
    if (event.kind === "created") {
      const { torrentBytes, metainfo } = event;
      if (file === undefined) yield { kind: "output", text: torrentBytes };
      else await writeNewFile(file, torrentBytes);
      yield display.format === "json"
        ? { kind: "output", text: createdJson(metainfo, { output: path, warnings }) }
        : written(metainfo, path);
    } else if (display.format !== "json") yield event;
    else if (event.kind === "warning") warnings.push(event.message);
  }
}

function createdJson(
  metainfo: Metainfo,
  more: { readonly output: string; readonly warnings: readonly string[] },
): string {
  return `${toJson({ ...showObject(metainfo), ...more })}\n`;
}

function written({ infoHash, geometry, pieceLength, files }: Metainfo, output: string): CliEvent {
  const { totalLength: totalBytes, pieceCount } = geometry;
  const fileCount = files.length;
  return {
    ...{ kind: "written", output, infoHash: infoHash.toHex() },
    ...{ totalBytes, pieceCount, pieceLength, fileCount },
  };
}
