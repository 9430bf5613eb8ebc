/**
 * A small cover for @std/fs: the same names, signatures and behaviour, for just what we use.
 *
 * @module
 */

/** Makes a folder and those above it, unless it is there. @throws when something else is there */
export async function ensureDir(dir: string | URL): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
}

/** Whether there is something at `path`, of the kind asked for. */
export async function exists(
  path: string | URL,
  options?: { isReadable?: boolean; isDirectory?: boolean; isFile?: boolean },
): Promise<boolean> {
  try {
    const stat = await Deno.stat(path);
    if (options?.isDirectory && !stat.isDirectory) return false;
    if (options?.isFile && !stat.isFile) return false;
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What is found under a folder. */
export interface WalkEntry extends Deno.DirEntry {
  path: string;
}

/** Everything under `root`, itself first; links are listed, not followed. */
export async function* walk(
  root: string | URL,
  options: { includeDirs?: boolean; includeFiles?: boolean } = {},
): AsyncIterableIterator<WalkEntry> {
  const { includeDirs = true, includeFiles = true } = options;
  const top = root instanceof URL ? decodeURIComponent(root.pathname) : root;
  if (includeDirs) {
    const name = top.replace(/[/\\]+$/, "").split(/[/\\]/).at(-1) ?? "";
    yield { path: top, name, isDirectory: true, isFile: false, isSymlink: false };
  }
  for await (const entry of Deno.readDir(top)) {
    const path = `${top.replace(/\/$/, "")}/${entry.name}`;
    if (entry.isDirectory) yield* walk(path, options);
    else if (includeFiles) yield { ...entry, path };
  }
}
