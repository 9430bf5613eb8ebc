/**
 * What is said to a gateway by UPnP (Internet Gateway Device 1 and 2), and what is taken from its answers:
 * SSDP over UDP to find it, a description in XML, and SOAP to have a port mapped. Its XML is not parsed, only
 * searched, in time linear to its length.
 *
 * @module
 */

/** Where SSDP is spoken. */
export const SSDP_PORT = 1900;

/** The group that hears everybody's searches. */
export const SSDP_GROUP = "239.255.255.250";

/** What we look for. A device of version 2 answers to version 1, too, or should. */
const DEVICES: readonly string[] = [
  "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
];

/** The services that map ports. */
const SERVICE = /^urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:[12]$/;

/** A reply to a search is a few hundred bytes; of longer ones the rest is not looked at. */
const MAX_SEARCH_REPLY = 2048;

/** What AddPortMapping and the like refuse with. */
export const IGD_ERROR = Object.freeze(
  {
    /** Another machine has the external port. */
    conflict: 718,
    /** Only mappings without an end. */
    onlyPermanent: 725,
  } as const,
);

/** Where a gateway takes orders. */
export interface IgdService {
  readonly type: string;
  readonly controlUrl: URL;
}

/** A search for gateways, one for each version, as packets. */
export function encodeSearches(to: { readonly host: string; readonly port: number }): Uint8Array[] {
  const encoder = new TextEncoder();
  return DEVICES.map((device) =>
    encoder.encode([
      "M-SEARCH * HTTP/1.1",
      `HOST: ${to.host}:${to.port}`,
      'MAN: "ssdp:discover"',
      "MX: 1",
      `ST: ${device}`,
      "",
      "",
    ].join("\r\n"))
  );
}

/**
 * Where the description is, by a reply to a search; undefined for any other packet, and for a place that is
 * not on the very host that the reply came from: nobody sends us elsewhere.
 */
export function decodeSearchReply(bytes: Uint8Array, host: string): URL | undefined {
  const lines = new TextDecoder().decode(bytes.subarray(0, MAX_SEARCH_REPLY)).split(/\r?\n/);
  if (!/^HTTP\/1\.[01] 200\b/.test(lines[0] ?? "")) return undefined;
  const location = lines.map((line) => /^location:\s*(\S+)\s*$/i.exec(line)?.[1])
    .find((text) => text !== undefined);
  return location === undefined ? undefined : urlOn(host, location);
}

/** The service that maps ports, by a device's description; undefined where there is none on this host. */
export function findService(description: string, base: URL): IgdService | undefined {
  const stated = textOf(description, "URLBase");
  const root = stated === undefined ? base : urlOn(base.hostname, stated) ?? base;
  for (const service of description.split("<service>").slice(1)) {
    const type = textOf(service, "serviceType") ?? "";
    const control = textOf(service, "controlURL");
    if (!SERVICE.test(type) || control === undefined) continue;
    const controlUrl = urlOn(base.hostname, control, root);
    if (controlUrl !== undefined) return { type, controlUrl };
  }
  return undefined;
}

/** The body of a call. `values` are ours: they need no escaping. */
export function encodeCall(
  action: string,
  type: string,
  values: Readonly<Record<string, string | number>>,
): string {
  const fields = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ` +
    `s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>` +
    `<u:${action} xmlns:u="${type}">${fields.join("")}</u:${action}></s:Body></s:Envelope>`;
}

/** The text in the first element of this name, without white space around it. */
export function textOf(xml: string, name: string): string | undefined {
  const open = `<${name}>`;
  const start = xml.indexOf(open);
  const end = start < 0 ? -1 : xml.indexOf(`</${name}>`, start);
  return end < 0 ? undefined : xml.slice(start + open.length, end).trim();
}

/** The URL, if it is plain HTTP to this host. */
function urlOn(host: string, text: string, base?: URL): URL | undefined {
  const url = URL.parse(text, base);
  const isThere = url?.protocol === "http:" && url.hostname === host && url.username === "" &&
    url.password === "";
  return isThere ? url : undefined;
}
