/** The rows of a table of testdata, the head left out. */
export function readRows(name: string): string[][] {
  const url = new URL(`../../testdata/${name}`, import.meta.url);
  const lines = Deno.readTextFileSync(url).split("\n").slice(1);
  return lines.filter((line) => line !== "").map((line) => line.split("\t"));
}
