/**
 * Where a torrent says that peers and data are to be found: trackers, web seeds, DHT nodes (BEP 3, 12, 19, 5).
 *
 * @module
 */
import { canonicalHost, formatAddress } from "../base/address.ts";
import { redactUrl } from "../base/text.ts";
import { type BencodeDictionary, integerOf, listOf, textOf } from "./bencode_value.ts";
import type { Warnings } from "./fields.ts";

/** More trackers, web seeds or nodes than any torrent needs: a torrent is no means to flood others. */
const MAX_SOURCES = 1000;

const TRACKER_PROTOCOLS: readonly string[] = ["http:", "https:", "udp:"];
const WEB_SEED_PROTOCOLS: readonly string[] = ["http:", "https:"];

// deno-lint-ignore no-control-regex -- the URL parser would drop some of them in silence
const CONTROL_OR_SPACE = /[\x00-\x20\x7f-\xa0]/;
const HOST = /^[A-Za-z0-9._:-]{1,255}$/;

/** Whether a torrent may name it as a tracker: parseTrackers() ignores all others. */
export function isTrackerUrl(url: string): boolean {
  return isUsable(url, TRACKER_PROTOCOLS);
}

/** Whether a torrent may name it as a web seed: parseWebSeeds() ignores all others. */
export function isWebSeedUrl(url: string): boolean {
  return isUsable(url, WEB_SEED_PROTOCOLS);
}

/** Trackers in tiers; `announce` counts where announce-list has none that is usable (BEP 12). */
export function parseTrackers(root: BencodeDictionary, warnings: Warnings): readonly string[][] {
  const collector = new UrlCollector("tracker", TRACKER_PROTOCOLS, warnings);
  const tiers = (listOf(root.get("announce-list")) ?? [])
    .map((tier) => collector.collect((listOf(tier) ?? []).map(textOf)))
    .filter((tier) => tier.length > 0);
  if (tiers.length > 0) return tiers;
  const tier = root.has("announce") ? collector.collect([textOf(root.get("announce"))]) : [];
  return tier.length > 0 ? [tier] : [];
}

/** Web seeds: `url-list` is a string or a list of them (BEP 19). Spaces inside are encoded, as often seen. */
export function parseWebSeeds(root: BencodeDictionary, warnings: Warnings): readonly string[] {
  const value = root.get("url-list");
  const collector = new UrlCollector("web seed", WEB_SEED_PROTOCOLS, warnings);
  const texts = (listOf(value) ?? (value === undefined ? [] : [value])).map(textOf);
  return collector.collect(texts.map((text) => text?.trim().replaceAll(" ", "%20")));
}

/** DHT nodes as `host:port` (BEP 5). */
export function parseNodes(root: BencodeDictionary, warnings: Warnings): readonly string[] {
  const nodes = new Set<string>();
  for (const item of listOf(root.get("nodes")) ?? []) {
    const pair = listOf(item);
    const host = textOf(pair?.[0]);
    const port = integerOf(pair?.[1]);
    const isUsable = host !== undefined && HOST.test(host) && port !== undefined && port >= 1 &&
      port <= 65535;
    if (!isUsable) warnings.add("Ignored a DHT node that is not a host and a port");
    else if (nodes.size < MAX_SOURCES) {
      nodes.add(formatAddress({ host: canonicalHost(host), port }));
    }
  }
  return [...nodes];
}

/** Gathers URLs of some schemes, each once. */
class UrlCollector {
  readonly #what: string;
  readonly #protocols: readonly string[];
  readonly #warnings: Warnings;
  readonly #seen = new Set<string>();

  constructor(what: string, protocols: readonly string[], warnings: Warnings) {
    this.#what = what;
    this.#protocols = protocols;
    this.#warnings = warnings;
  }

  /** `undefined` stands for what is no string. */
  collect(texts: readonly (string | undefined)[]): string[] {
    const urls: string[] = [];
    for (const text of texts) {
      // Not by a pattern: one for spaces at the end takes very long over a million spaces before it.
      const url = text?.trim();
      if (url === "" || (url !== undefined && this.#seen.has(url))) continue;
      if (this.#seen.size >= MAX_SOURCES) {
        this.#warnings.add(`Ignored all but the first ${MAX_SOURCES} ${this.#what}s`);
        return urls;
      }
      if (url === undefined || !isUsable(url, this.#protocols)) {
        const shown = url === undefined ? "not a string" : redactUrl(url);
        this.#warnings.add(`Ignored a ${this.#what}: ${shown}`);
      } else {
        this.#seen.add(url);
        urls.push(url);
      }
    }
    return urls;
  }
}

function isUsable(url: string, protocols: readonly string[]): boolean {
  if (CONTROL_OR_SPACE.test(url) || !URL.canParse(url)) return false;
  const { protocol, hostname, port } = new URL(url);
  return protocols.includes(protocol) && hostname !== "" && port !== "0";
}
