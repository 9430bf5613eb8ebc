/** The three protocols' messages, without a network. */
import { assert, assertEquals } from "@std/assert";
import {
  decodeSearchReply,
  encodeCall,
  encodeSearches,
  findService,
  textOf,
} from "../../lib/reach/igd_message.ts";
import {
  decodeAddressResponse,
  decodeNatPmpResponse,
  encodeAddressRequest,
  encodeNatPmpRequest,
} from "../../lib/reach/nat_pmp_message.ts";
import {
  decodePcpResponse,
  encodePcpRequest,
  type PcpRequest,
} from "../../lib/reach/pcp_message.ts";
import { randomOf } from "../torrent/helpers.ts";

const HEX = Uint8Array.fromHex;

const PCP: PcpRequest = {
  localHost: "192.168.1.20",
  port: 0x1ae1,
  externalPort: 0x1ae2,
  lifetimeSeconds: 3600,
  nonce: HEX("0102030405060708090a0b0c"),
};
const PCP_TAIL = "0102030405060708090a0b0c" + "06000000" + "1ae1";
const MAPPED = "00000000000000000000ffff";

Deno.test("encodePcpRequest() writes what RFC 6887 says", () => {
  assertEquals(
    encodePcpRequest(PCP).toHex(),
    "02010000" + "00000e10" + MAPPED + "c0a80114" + PCP_TAIL + "1ae2" + MAPPED + "00000000",
  );
});

Deno.test("decodePcpResponse() takes answers to its request only", async (t) => {
  const head = "02810000" + "00000708" + "00000001" + "00".repeat(12);
  const whole = head + PCP_TAIL + "2222" + MAPPED + "c6336407";
  const mapped = {
    kind: "mapped",
    externalHost: "198.51.100.7",
    externalPort: 0x2222,
    lifetimeSeconds: 1800,
  };
  const refused = { kind: "refused", resultCode: 2 };
  const rows: readonly (readonly [string, string, unknown])[] = [
    ["a mapping", whole, mapped],
    ["a mapping with options behind", whole + "01000000", mapped],
    ["a refusal", whole.replace("02810000", "02810002"), refused],
    ["NAT-PMP", "0081000100000001", { kind: "otherVersion" }],
    ["a request", whole.replace("02810000", "02010000"), undefined],
    ["another opcode", whole.replace("02810000", "02820000"), undefined],
    ["another version", whole.replace("02810000", "03810000"), undefined],
    ["another nonce", whole.replace("0102030405", "0102030406"), undefined],
    ["another port", whole.replace("1ae12222", "1ae22222"), undefined],
    ["UDP", whole.replace("06000000", "11000000"), undefined],
    ["a packet cut short", whole.slice(0, -2), undefined],
    ["nothing", "", undefined],
  ];
  for (const [words, hex, expected] of rows) {
    await t.step(words, () => assertEquals<unknown>(decodePcpResponse(HEX(hex), PCP), expected));
  }
});

const PMP = { port: 0x1ae1, externalPort: 0x1ae2, lifetimeSeconds: 3600 };

Deno.test("NAT-PMP's messages are what RFC 6886 says", () => {
  assertEquals(encodeAddressRequest().toHex(), "0000");
  assertEquals(encodeNatPmpRequest(PMP).toHex(), "00020000" + "1ae11ae2" + "00000e10");
});

Deno.test("decodeNatPmpResponse() takes answers to its request only", async (t) => {
  const rows: readonly (readonly [string, string, unknown])[] = [
    ["a mapping", "0082000000000001" + "1ae12222" + "00000708", {
      kind: "mapped",
      externalPort: 0x2222,
      lifetimeSeconds: 1800,
    }],
    ["a refusal", "0082000200000001", { kind: "refused", resultCode: 2 }],
    ["another port", "0082000000000001" + "1ae22222" + "00000708", undefined],
    ["UDP", "0081000000000001" + "1ae12222" + "00000708", undefined],
    ["another version", "0282000000000001" + "1ae12222" + "00000708", undefined],
    ["a packet cut short", "0082000000000001" + "1ae12222" + "000007", undefined],
    ["nothing", "", undefined],
  ];
  for (const [words, hex, expected] of rows) {
    await t.step(words, () => assertEquals<unknown>(decodeNatPmpResponse(HEX(hex), PMP), expected));
  }
});

Deno.test("decodeAddressResponse() takes the gateway's address", () => {
  const address = { kind: "address", externalHost: "198.51.100.7" } as const;
  assertEquals(decodeAddressResponse(HEX("0080000000000001c6336407")), address);
  assertEquals(decodeAddressResponse(HEX("0080000300000001")), { kind: "refused", resultCode: 3 });
  for (const hex of ["0080000000000001c63364", "0082000000000001c6336407", "00"]) {
    assertEquals(decodeAddressResponse(HEX(hex)), undefined, hex);
  }
});

Deno.test("the packets of PCP and NAT-PMP never throw when they are random", () => {
  const random = randomOf(17);
  for (let round = 0; round < 5000; round++) {
    const bytes = Uint8Array.from({ length: random(70) }, () => random(256));
    if (random(2) === 0) bytes.set([random(3), 128 + random(3)].slice(0, bytes.length));
    decodePcpResponse(bytes, PCP);
    decodeNatPmpResponse(bytes, PMP);
    decodeAddressResponse(bytes);
  }
});

const HOST = "192.168.1.1";

Deno.test("encodeSearches() looks for gateways of both versions", () => {
  const texts = encodeSearches({ host: HOST, port: 1900 })
    .map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(texts.map((text) => /^ST: .*:(\d)\r$/m.exec(text)?.[1]), ["1", "2"]);
  for (const text of texts) {
    assert(text.startsWith("M-SEARCH * HTTP/1.1\r\n") && text.endsWith("\r\n\r\n"));
  }
});

Deno.test("decodeSearchReply() lets nobody send us elsewhere", async (t) => {
  const ok = "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=60\r\n";
  const rows: readonly (readonly [string, string, string | undefined])[] = [
    ["a place on the gateway", `${ok}LOCATION: http://${HOST}:5000/root.xml\r\n\r\n`, "/root.xml"],
    ["small letters", `${ok}location:http://${HOST}:5000/a\r\n\r\n`, "/a"],
    ["another host", `${ok}LOCATION: http://192.168.1.2:5000/root.xml\r\n\r\n`, undefined],
    ["ourselves", `${ok}LOCATION: http://127.0.0.1:5000/root.xml\r\n\r\n`, undefined],
    ["a name", `${ok}LOCATION: http://router.local/root.xml\r\n\r\n`, undefined],
    ["a host that looks alike", `${ok}LOCATION: http://${HOST}.evil.example/\r\n\r\n`, undefined],
    ["the gateway as a user", `${ok}LOCATION: http://${HOST}@evil.example/\r\n\r\n`, undefined],
    ["a user on the gateway", `${ok}LOCATION: http://a:b@${HOST}/\r\n\r\n`, undefined],
    ["another protocol", `${ok}LOCATION: file:///etc/passwd\r\n\r\n`, undefined],
    ["no URL", `${ok}LOCATION: nowhere\r\n\r\n`, undefined],
    ["no location", `${ok}\r\n`, undefined],
    ["a failure", `HTTP/1.1 500 No\r\nLOCATION: http://${HOST}/\r\n\r\n`, undefined],
    ["an announcement", `NOTIFY * HTTP/1.1\r\nLOCATION: http://${HOST}/\r\n\r\n`, undefined],
    ["a location far behind", `${ok}${"X: y\r\n".repeat(999)}LOCATION: http://${HOST}/`, undefined],
    ["nothing", "", undefined],
  ];
  for (const [words, text, path] of rows) {
    await t.step(words, () => {
      const url = decodeSearchReply(new TextEncoder().encode(text), HOST);
      assertEquals(url?.pathname, path);
    });
  }
});

function service(type: string, controlUrl: string): string {
  return `<service><serviceType>urn:schemas-upnp-org:service:${type}</serviceType>` +
    `<controlURL>${controlUrl}</controlURL></service>`;
}

Deno.test("findService() finds who maps ports, on the same host only", async (t) => {
  const base = new URL(`http://${HOST}:5000/dir/root.xml`);
  const wan = "WANIPConnection:1";
  const rows: readonly (readonly [string, string, string | undefined])[] = [
    ["a path", service(wan, "/ctl"), `http://${HOST}:5000/ctl`],
    ["a relative path", service(wan, "ctl"), `http://${HOST}:5000/dir/ctl`],
    ["a URL", service(wan, `http://${HOST}:5001/ctl`), `http://${HOST}:5001/ctl`],
    [
      "a path on another base",
      `<URLBase>http://${HOST}:80</URLBase>${service(wan, "/ctl")}`,
      `http://${HOST}/ctl`,
    ],
    [
      "a base elsewhere",
      `<URLBase>http://evil.example</URLBase>${service(wan, "/ctl")}`,
      `http://${HOST}:5000/ctl`,
    ],
    [
      "the second service",
      service("Layer3Forwarding:1", "/l3") + service(wan, "/ctl"),
      `http://${HOST}:5000/ctl`,
    ],
    ["version 2", service("WANIPConnection:2", "/ctl"), `http://${HOST}:5000/ctl`],
    ["PPP", service("WANPPPConnection:1", "/ctl"), `http://${HOST}:5000/ctl`],
    ["a URL elsewhere", service(wan, "http://evil.example/ctl"), undefined],
    ["a URL elsewhere, in short", service(wan, "//evil.example/ctl"), undefined],
    ["another service", service("WANCommonInterfaceConfig:1", "/ctl"), undefined],
    ["markup in the type", service(`${wan}"><x>`, "/ctl"), undefined],
    ["no end", `<service><serviceType>urn:schemas-upnp-org:service:${wan}`, undefined],
    ["nothing", "", undefined],
  ];
  for (const [words, xml, expected] of rows) {
    await t.step(words, () => {
      assertEquals(findService(xml, base)?.controlUrl.href, expected);
    });
  }
});

Deno.test("findService() takes no time for a description that is all beginnings", () => {
  const base = new URL(`http://${HOST}/`);
  const xml = "<service><serviceType>".repeat(200_000);
  assertEquals(findService(xml, base), undefined);
});

Deno.test("textOf() finds the text of an element", () => {
  assertEquals(textOf("<a><b> 1 </b><b>2</b></a>", "b"), "1");
  for (const xml of ["", "<b>", "</b>", "</b><b>", "<bb>1</bb>"]) {
    assertEquals(textOf(xml, "b"), undefined, xml);
  }
});

Deno.test("encodeCall() is an envelope around the values", () => {
  const call = encodeCall("DeletePortMapping", "urn:x", { NewExternalPort: 7, NewProtocol: "TCP" });
  assertEquals(textOf(call, "NewExternalPort"), "7");
  assert(call.includes('<u:DeletePortMapping xmlns:u="urn:x"><NewExternalPort>'), call);
});
