/**
 * The README's own words, for tests that hold the program to them.
 *
 * @module
 */
import { PROJECT } from "./source.ts";

const README = await Deno.readTextFile(new URL("README.md", PROJECT));

/** The text below a headline, down to the next headline of its rank or above. */
export function readmeSection(headline: string): string {
  const start = README.indexOf(`\n${headline}\n`);
  if (start === -1) throw new Error(`Cannot find "${headline}" in the README`);
  const [rank = ""] = headline.split(" ");
  const rest = README.slice(start + headline.length + 2);
  const end = rest.search(new RegExp(`^#{1,${rank.length}} `, "m"));
  return end === -1 ? rest : rest.slice(0, end);
}

/** The code blocks of a text in one language (`sh`, `ts`, `text`). */
export function codeBlocks(text: string, language: string): readonly string[] {
  const fence = new RegExp(`^\`\`\`${language}\\b[^\n]*\n([^]*?)^\`\`\`$`, "gm");
  return [...text.matchAll(fence).map((match) => match[1] ?? "")];
}

/** The flags of `deno run` that are said to be enough for a command, given how its line ends. */
export function permissionFlags(ending: string): readonly string[] {
  const [commands = ""] = codeBlocks(readmeSection("### Permissions"), "sh");
  const line = commands.split("\n").find((line) => line.endsWith(` main.ts ${ending}`));
  if (line === undefined) throw new Error(`Cannot find the permissions of "${ending}"`);
  return line.split(" ").filter((word) => word.startsWith("--allow-"));
}
