import { VERSION } from "../base/identity.ts";

/** What `--version` prints. */
export function versionText(): string {
  return `westorrent ${VERSION}\n`;
}
