import { TLSSocket } from "node:tls";
import type { Peer } from "./call-context.ts";
import type { NodeRequest } from "./http-engines.ts";

type Certificate = Omit<Peer, "address">;

const NO_CERTIFICATE: Certificate = {
  certificateName: undefined,
  certificateUris: [],
  certificateExpiresAt: undefined,
};

/** By HTTP/2 session or HTTP/1.1 socket: what was proved in the handshake stays as it is. */
const certificates = new WeakMap<object, Certificate>();

/** Who is at the other end of a request's connection. */
export function peerOf(request: NodeRequest): Peer {
  const { socket } = request;
  return {
    address: socket.remoteAddress,
    ...(socket instanceof TLSSocket ? certificateOf(connectionOf(request), socket) : NO_CERTIFICATE),
  };
}

/** HTTP/2 gives each request a socket object of its own. */
function connectionOf(request: NodeRequest): object {
  return ("stream" in request ? request.stream.session : undefined) ?? request.socket;
}

function certificateOf(connection: object, socket: TLSSocket): Certificate {
  const known = certificates.get(connection);
  if (known !== undefined) return known;
  const certificate = readCertificate(socket);
  certificates.set(connection, certificate);
  return certificate;
}

/** Of a certificate that an authority of ours vouches for; the handshake ends for any other. */
function readCertificate(socket: TLSSocket): Certificate {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return NO_CERTIFICATE;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return {
    certificateName: typeof name === "string" && name !== "" ? name : undefined,
    certificateUris: urisOf(certificate.subjectAltName ?? ""),
    certificateExpiresAt: certificate.validToDate,
  };
}

/**
 * The URIs of Node's text form, "URI:spiffe://a/b, DNS:c". Node puts names in quotes that hold a comma, a quote or a
 * control character (CVE-2021-44532). Nobody needs such names, and they might pass for others: a certificate with
 * one has no URIs at all.
 */
export function urisOf(subjectAltName: string): string[] {
  if (subjectAltName.includes('"')) return [];
  return subjectAltName
    .split(", ")
    .filter((name) => name.startsWith("URI:"))
    .map((name) => name.slice("URI:".length));
}
