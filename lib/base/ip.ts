/**
 * IP literals told from names: what node:net can tell, too, but takes longer to load than all of this program.
 *
 * @module
 */

const IPV4 = /^(?:(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!$)|$)){4}$/;
const GROUP = /^[\da-f]{1,4}$/i;
const ZONE = /^[\da-z.:-]+$/i;
const GROUPS = 8;

/** Whether the host is an IPv4 literal: four numbers without leading zeros. */
export function isIPv4(host: string): boolean {
  return IPV4.test(host);
}

/** Whether the host is an IPv6 literal, without brackets; a zone (`%eth0`) may follow. */
export function isIPv6(host: string): boolean {
  const percent = host.indexOf("%");
  if (percent >= 0 && !ZONE.test(host.slice(percent + 1))) return false;
  const [head = "", tail, ...rest] = (percent < 0 ? host : host.slice(0, percent)).split("::");
  if (rest.length > 0) return false;
  if (tail === undefined) return countGroups(head, "last") === GROUPS;
  // The gap stands for one group at least.
  return countGroups(head, "first") + countGroups(tail, "last") < GROUPS;
}

/** How many groups of 16 bits a part names; Infinity when it is wrong. An IPv4 literal may be the last two. */
function countGroups(part: string, place: "first" | "last"): number {
  if (part === "") return 0;
  const groups = part.split(":");
  const last = groups.at(-1) ?? "";
  const hasIPv4 = place === "last" && isIPv4(last);
  if (hasIPv4) groups.pop();
  return groups.every((group) => GROUP.test(group)) ? groups.length + (hasIPv4 ? 2 : 0) : Infinity;
}
