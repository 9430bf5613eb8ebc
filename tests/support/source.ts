/**
 * Reads the source of this project as text: its files, their import lines, their code without comments.
 *
 * @module
 */

/** The project's folder, ending in a slash. */
export const PROJECT: URL = new URL("../../", import.meta.url);

/** A file of this project. */
export interface SourceFile {
  /** Relative to the project, such as `lib/base/bytes.ts`. */
  readonly path: string;
  readonly text: string;
  /** The text with comments blanked out, line breaks kept. */
  readonly code: string;
}

/** One import, export-from, dynamic import or worker of a file. */
export interface ImportLine {
  readonly specifier: string;
  /** Whether only types cross, so that nothing is loaded. */
  readonly isType: boolean;
}

/** Every file below `folder` (or that one file) whose name ends in `suffix`, in order of its path. */
export async function readSources(folder: string, suffix = ".ts"): Promise<readonly SourceFile[]> {
  const paths = (await Array.fromAsync(listPaths(folder))).filter((path) => path.endsWith(suffix));
  return await Promise.all(
    paths.toSorted().map(async (path) => {
      const text = await Deno.readTextFile(new URL(path, PROJECT));
      return { path, text, code: blankComments(text) };
    }),
  );
}

/** A function of a file: where it starts, and how many lines it has, both counted from 1. */
export interface FunctionExtent {
  readonly line: number;
  readonly lineCount: number;
}

/** The start of what has a body that is no function's. */
const NO_FUNCTION =
  /^\s*(?:\}|\)|if|for|while|switch|catch|do|else|try|return|throw|await|using)\b/;
const FUNCTION_START =
  /\bfunction\b|^\s+(?:(?:async|static|override|get|set|private) )*\*?(?:#?\w+|\[[\w.]+\])(?:<.*>)?\(|=> \{$/;

/** The functions of formatted TypeScript: each ends at the first brace that is indented as its start is. */
export function findFunctions(code: string): readonly FunctionExtent[] {
  const lines = code.split("\n");
  return lines.flatMap((text, index) => {
    if (NO_FUNCTION.test(text) || !FUNCTION_START.test(text)) return [];
    const indent = " ".repeat(text.search(/\S/));
    // Parameters on lines of their own end with a line that opens the body.
    const opening = lines.findIndex((line, at) =>
      at === index
        ? line.endsWith("{")
        : at > index && line.startsWith(`${indent})`) && line.endsWith("{")
    );
    if (opening === -1 || lines.slice(index + 1, opening).some((line) => isOutside(line, indent))) {
      return [];
    }
    const end = lines.findIndex((line, at) => at > opening && line.startsWith(`${indent}}`));
    return end === -1 ? [] : [{ line: index + 1, lineCount: end - index + 1 }];
  });
}

/** Whether a line has left what is indented below a start. */
function isOutside(line: string, indent: string): boolean {
  return line.trim() !== "" && !line.startsWith(`${indent} `);
}

/** The import lines of TypeScript without comments. */
export function findImports(code: string): readonly ImportLine[] {
  return [
    ...code.matchAll(
      /^[ \t]*(?:import|export)\s+(?:([\w$*{][^;"'()=]*?)\s*from\s*)?["']([^"'\n]+)["']/gm,
    ).map((match) => ({ specifier: match[2] ?? "", isType: isTypeClause(match[1]) })),
    ...code.matchAll(/\bimport\s*\(\s*["']([^"'\n]+)["']/g).map(toValueImport),
    ...code.matchAll(/new URL\(\s*["'](\.[^"'\n]+\.ts)["'],\s*import\.meta\.url/g)
      .map(toValueImport),
  ];
}

/** The path that a relative specifier means, seen from the file at `from`. */
export function resolveImport(from: string, specifier: string): string {
  return new URL(specifier, new URL(from, "file:///")).pathname.slice(1);
}

/** The text with everything in comments replaced by spaces. Strings are left as they are. */
export function blankComments(text: string): string {
  const token =
    /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\*[^]*?\*\/|\/\/[^\n]*/g;
  return text.replace(
    token,
    (match) => match.startsWith("/") ? match.replace(/[^\n]/g, " ") : match,
  );
}

/** The text with everything in plain strings replaced by spaces; to be given text without comments. */
export function blankStrings(code: string): string {
  return code.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, '""');
}

function toValueImport(match: RegExpExecArray): ImportLine {
  return { specifier: match[1] ?? "", isType: false };
}

/** `type { A }`, or braces in which every name is marked as a type. */
function isTypeClause(clause: string | undefined): boolean {
  if (clause === undefined) return false;
  if (/^type\b/.test(clause)) return true;
  const names = /^\{([^}]*)\}$/.exec(clause)?.[1]?.split(",").map((name) => name.trim());
  return names?.filter((name) => name !== "").every((name) => name.startsWith("type ")) ?? false;
}

async function* listPaths(path: string): AsyncGenerator<string, void, undefined> {
  const info = await Deno.stat(new URL(path, PROJECT)).catch(() => undefined);
  if (info?.isFile) yield path;
  if (!info?.isDirectory) return;
  for await (const entry of Deno.readDir(new URL(path, PROJECT))) {
    yield* listPaths(`${path}/${entry.name}`);
  }
}
