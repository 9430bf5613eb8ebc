/**
 * What `deno compile` says it put into an executable.
 *
 * @module
 */

/** One line of the tree: its depth in pairs of characters, then the name, then maybe a size. */
const TREE_LINE = /^((?:[│ ] )*)[├└]─[─┬] (.+?)(?: \([\d.]+\w?B.*\))?$/;

/**
 * The paths in the tree that `deno compile` prints under "Embedded Files", relative to its root. A
 * folder that is embedded whole ends in `/*`.
 */
export function parseEmbedded(printed: string): readonly string[] {
  const lines = printed.split("\n");
  const parents: string[] = [];
  const paths: string[] = [];
  lines.forEach((line, index) => {
    const [, indent, name] = TREE_LINE.exec(line) ?? [];
    if (indent === undefined || name === undefined) return;
    const depth = indent.length / 2;
    parents.splice(depth, Infinity, name);
    const childIndent = TREE_LINE.exec(lines[index + 1] ?? "")?.[1]?.length ?? 0;
    if (childIndent <= indent.length) paths.push(parents.join("/"));
  });
  return paths;
}

/** Whether the tree holds the file at `path`, by name or by its whole folder. */
export function isEmbedded(embedded: readonly string[], path: string): boolean {
  return embedded.some((entry) =>
    entry.endsWith("/*") ? path.startsWith(entry.slice(0, -1)) : entry === path
  );
}
