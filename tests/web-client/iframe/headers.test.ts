import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  applicationHeaders,
  frameAllow,
  type HeaderMap,
  headersFile,
  nextHeaders,
  nginxHeaders,
  sendHeaders,
  vercelHeaders,
  viteHeaders,
  walletHeaders,
  wellKnownWebauthn,
} from "../../../clients/web/src/headers/index.ts";

const APP = "https://app.example";
const WALLET = "https://wallet.example";
const OPTIONS = {
  allowedOrigins: [APP, "http://localhost:5173"],
  relays: ["https://relay.example/", "https://relay2.example:8443/v1"],
  rpcs: ["https://rpc.testnet.near.org/x?y", "https://relay.example"],
};

function policyOf(headers: HeaderMap): Record<string, string> {
  const directives = (headers["Content-Security-Policy"] ?? "").split("; ");
  return Object.fromEntries(
    directives.map((text) => [text.split(" ", 1)[0], text.slice(text.indexOf(" ") + 1)]),
  );
}

describe("a wallet's headers", () => {
  test("let its own code run, speak to its relays and endpoints, and be framed by its tenant's applications", () => {
    const headers = walletHeaders(OPTIONS);
    expect(policyOf(headers)).toEqual({
      "default-src": "'none'",
      "script-src": "'self'",
      "worker-src": "'self'",
      "style-src": "'self'",
      "img-src": "'self'",
      "font-src": "'self'",
      "connect-src": "https://relay.example https://relay2.example:8443 https://rpc.testnet.near.org",
      "frame-ancestors": "https://app.example http://localhost:5173",
      "form-action": "'none'",
      "base-uri": "'none'",
    });
    expect(headers["Permissions-Policy"]).toContain("publickey-credentials-get=(self)");
    expect(headers["Permissions-Policy"]).toContain("publickey-credentials-create=(self)");
    expect(headers).toMatchObject({ "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff" });
    expect(headers).not.toHaveProperty("Cross-Origin-Embedder-Policy");
  });

  test("let nobody frame what nobody embeds", () => {
    const policy = policyOf(walletHeaders({ allowedOrigins: [], relays: [] }));
    expect(policy).toMatchObject({ "frame-ancestors": "'none'", "connect-src": "'none'" });
  });

  test("isolate the wallet where it wants to be", () => {
    expect(walletHeaders({ ...OPTIONS, isolate: true })).toMatchObject({
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
      "Cross-Origin-Resource-Policy": "cross-origin",
    });
  });

  test.each([
    "*",
    "https://*.example",
    "https://app.example/",
    "https://app.example/path",
    "https://app.example:443",
    "https://APP.example",
    "http://app.example",
    "https://app.example; script-src *",
    "https://app.example;x",
    "https://app.example'x",
    "https://app.example\r\nX-Header: 1",
    "https://user@app.example",
    "app.example",
    "null",
    "data:text/html,x",
    "",
  ])("are not made for an origin such as %j", (origin) => {
    expect(() => walletHeaders({ allowedOrigins: [origin], relays: [] })).toThrow(TypeError);
    expect(() => applicationHeaders({ walletOrigin: origin })).toThrow(TypeError);
    expect(() => wellKnownWebauthn({ origins: [origin] })).toThrow(TypeError);
  });

  test.each([
    "http://relay.example",
    "https://relay.example;x/",
    "https://*/",
    "ftp://relay.example",
    "relay",
  ])("are not made for a relay at %j", (relay) => {
    expect(() => walletHeaders({ allowedOrigins: [APP], relays: [relay] })).toThrow(TypeError);
  });

  test.each(["http://localhost:3000", "http://wallet.localhost", "http://127.0.0.1:1", "http://[::1]:8080"])(
    "may be of this machine: %s",
    (origin) => {
      expect(policyOf(walletHeaders({ allowedOrigins: [origin], relays: [] }))["frame-ancestors"]).toBe(
        origin,
      );
    },
  );
});

test("an application's headers frame the wallet, and let it use passkeys", () => {
  expect(applicationHeaders({ walletOrigin: WALLET })).toEqual({
    "Content-Security-Policy": "frame-src https://wallet.example",
    "Permissions-Policy": [
      'publickey-credentials-get=(self "https://wallet.example")',
      'publickey-credentials-create=(self "https://wallet.example")',
      'cross-origin-isolated=(self "https://wallet.example")',
    ].join(", "),
  });
  expect(applicationHeaders({ walletOrigin: WALLET, isolate: true })).toMatchObject({
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
  });
  expect(frameAllow(WALLET)).toContain("publickey-credentials-get https://wallet.example;");
});

describe("headers are sent", () => {
  test("by Node, for each request its tenant's", async () => {
    const tenants: Record<string, HeaderMap> = {
      "/acme/": walletHeaders({ ...OPTIONS, allowedOrigins: [APP] }),
      "/": walletHeaders({ ...OPTIONS, allowedOrigins: [] }),
    };
    const step = sendHeaders(({ url = "" }) => tenants[url] ?? {});
    const server = createServer((request, response) => {
      step(request, response);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    for (const [path, headers] of Object.entries(tenants)) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      for (const [name, value] of Object.entries(headers)) expect(answer.headers.get(name)).toBe(value);
    }
  });

  test("by Vite, which adds what its development server needs there alone", () => {
    const headers = walletHeaders(OPTIONS);
    const sentBy = (configure: "configureServer" | "configurePreviewServer") => {
      const sent: Record<string, string> = {};
      let isPassedOn = false;
      viteHeaders(headers)[configure]({
        middlewares: {
          use: (step) =>
            step({ headers: {} }, { setHeader: (name, value) => (sent[name] = value) }, () => {
              isPassedOn = true;
            }),
        },
      });
      expect(isPassedOn).toBe(true);
      return sent;
    };
    expect(sentBy("configurePreviewServer")).toEqual(headers);
    const inDevelopment = policyOf(sentBy("configureServer"));
    expect(inDevelopment).toEqual({
      ...policyOf(headers),
      "style-src": "'self' 'unsafe-inline'",
      "connect-src": `'self' ${policyOf(headers)["connect-src"]}`,
    });
  });

  const rules = [
    { path: "/acme/*", headers: { A: "1", B: 'x=(self "https://wallet.example")' } },
    { path: "/", headers: { A: "2" } },
  ];

  test("by static hosts", () => {
    expect(headersFile(rules)).toBe(
      ["/acme/*", "  A: 1", '  B: x=(self "https://wallet.example")', "", "/", "  A: 2", ""].join("\n"),
    );
    expect(vercelHeaders(rules)).toEqual([
      {
        source: "/acme/(.*)",
        headers: [
          { key: "A", value: "1" },
          { key: "B", value: 'x=(self "https://wallet.example")' },
        ],
      },
      { source: "/", headers: [{ key: "A", value: "2" }] },
    ]);
    expect(nextHeaders(rules).map(({ source }) => source)).toEqual(["/acme/:path*", "/"]);
    expect(nginxHeaders(rules)).toBe(
      [
        "location /acme/ {",
        '  add_header A "1" always;',
        '  add_header B "x=(self \\"https://wallet.example\\")" always;',
        "}",
        "",
        "location = / {",
        '  add_header A "2" always;',
        "}",
        "",
      ].join("\n"),
    );
  });

  test.each(["acme/*", "/a\n  X: 1", "/*/b", "/acme*", "/acme/b*", "/{x}", "/a b"])(
    "by no host for the path %j",
    (path) => {
      for (const emit of [headersFile, vercelHeaders, nextHeaders, nginxHeaders]) {
        expect(() => emit([{ path, headers: {} }])).toThrow(TypeError);
      }
    },
  );
});

describe("related origins", () => {
  test("are served as JSON", () => {
    const { path, contentType, body } = wellKnownWebauthn({
      origins: [WALLET, "https://wallet.other.example", WALLET],
    });
    expect([path, contentType]).toEqual(["/.well-known/webauthn", "application/json"]);
    expect(JSON.parse(body)).toEqual({ origins: [WALLET, "https://wallet.other.example"] });
  });

  test("are of five labels at most, as browsers read no more", () => {
    const five = ["a.com", "b.com", "c.com", "d.co.uk", "e.com"].map((host) => `https://wallet.${host}`);
    expect(() => wellKnownWebauthn({ origins: [...five, "https://a.net", "https://x.d.de"] })).not.toThrow();
    expect(() => wellKnownWebauthn({ origins: [...five, "https://f.com"] })).toThrow(RangeError);
  });
});
