import { randomBytes, sign } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import {
  Purpose,
  type SigningGrants,
  SigningGrantsSchema,
  type SignResult,
  type SignTransactionsRequestSchema,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import { AUDIENCE, type OperatedSigner, RELAY_CERTIFICATE } from "./operated-signer.ts";
import { type Protocol, RelayConnections, sha256 } from "./relay-connections.ts";
import { NETWORK } from "./relayer-keys.ts";

/** A transaction that the relay asks a signature for, and what its grant says that it is for. */
export interface Item {
  readonly keyId: string;
  readonly transaction: Uint8Array;
  readonly purpose?: Purpose;
}

/** What came of an item: the signed transaction, or the reason's name. */
export type Outcome = { readonly signed: Uint8Array } | { readonly reason: string };

/** What was asked for and what came of it; without a key or a payload when the whole call was refused. */
export interface Attempt {
  /** Who the audit must say that it was; undefined for the relay itself. */
  readonly peer?: string;
  readonly keyId: string;
  readonly payloadHash: string;
  readonly outcome: Outcome;
}

/** A SignTransactionsRequest. */
export type Call = MessageInitShape<typeof SignTransactionsRequestSchema>;

export interface CallOptions {
  readonly network?: string;
  readonly protocol?: Protocol;
  /** Changes the grants before the relay signs them. */
  readonly grants?: (grants: SigningGrants) => void;
  /** Changes the call before the relay signs the request. */
  readonly call?: (call: Call) => void;
}

/** A relay in an attacker's hands: it holds every secret of the relay's, and says whatever it likes with them. */
export class CompromisedRelay {
  readonly #signer: OperatedSigner;
  #client:
    | { readonly address: string; readonly of: Record<Protocol, Client<typeof RelayerSignerService>> }
    | undefined;
  /** Everything that was asked for so far. */
  readonly attempts: Attempt[] = [];
  readonly connections: RelayConnections;

  constructor(signer: OperatedSigner) {
    this.#signer = signer;
    this.connections = new RelayConnections(signer.secrets);
  }

  /** Asks for signatures in one call, each with a fresh grant. */
  ask(items: readonly Item[], options: CallOptions = {}): Promise<Outcome[]> {
    return this.send(this.call(items, options), items, options.protocol);
  }

  /** As `ask`, for one. */
  async askOne(item: Item, options: CallOptions = {}): Promise<Outcome> {
    const [outcome] = await this.ask([item], options);
    if (outcome === undefined) throw new Error("an answer without results");
    return outcome;
  }

  /** As `askOne`, over a connection of its own. */
  async askApart(item: Item, options: CallOptions = {}): Promise<Outcome> {
    const client = createClient(RelayerSignerService, this.connections.connect(this.#signer.address, "gRPC"));
    const outcome = outcomeOf((await client.signTransactions(this.call([item], options))).results[0]?.result);
    this.note(item.keyId, item.transaction, outcome);
    return outcome;
  }

  /** A call for signatures with its grants, signed by the relay's grant key. */
  call(items: readonly Item[], { network = NETWORK, grants, call: change }: CallOptions = {}) {
    const message = create(SigningGrantsSchema, {
      audience: AUDIENCE,
      network,
      expiresAt: timestampFromDate(new Date(Date.now() + 60_000)),
      grants: items.map(({ keyId, transaction, purpose = Purpose.DELEGATE }) => ({
        id: randomBytes(16),
        keyId,
        tenant: "tenant-1",
        submissionId: "submission-1",
        purpose,
        payloadHash: sha256(transaction),
      })),
    });
    grants?.(message);
    const call: Call = {
      network,
      transactions: items.map(({ keyId, transaction }) => ({ keyId, transaction })),
      ...this.signGrants(toBinary(SigningGrantsSchema, message)),
    };
    change?.(call);
    return call;
  }

  /** The relay's signature over serialized grants. */
  signGrants(grants: Uint8Array) {
    const { id, key } = this.#signer.secrets.grantKey;
    const signed = Buffer.concat([Buffer.from("countersign signing grants v1\0"), grants]);
    return { grants, grantsSignature: { keyId: id, signature: sign(null, signed, key) } };
  }

  /** Sends a call as it is; these are its items. A call that is refused as a whole is one attempt. */
  async send(call: Call, items: readonly Item[], protocol: Protocol = "gRPC"): Promise<Outcome[]> {
    try {
      const { results } = await this.#clientFor(protocol).signTransactions(call);
      if (results.length !== items.length) throw new Error(`${results.length} results`);
      const outcomes = results.map(({ result }) => outcomeOf(result));
      for (const [i, { keyId, transaction }] of items.entries()) {
        this.note(keyId, transaction, outcomes[i] ?? { reason: "none" });
      }
      return outcomes;
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      const outcome = { reason: reasonName(errorFromConnect(error).reason ?? 0) };
      this.note("", new Uint8Array(), outcome);
      return items.map(() => outcome);
    }
  }

  /** Keeps in mind what was asked for and what came of it. */
  note(keyId: string, transaction: Uint8Array, outcome: Outcome): void {
    // The audit does not repeat names that mean nothing to the signer.
    const isUnknown = "reason" in outcome && outcome.reason === "SIGNER_KEY_NOT_FOUND";
    const held = isUnknown ? "" : keyId;
    this.attempts.push({ keyId: held, payloadHash: sha256(transaction).toString("hex"), outcome });
  }

  /** Keeps in mind that a request was not let in: the audit knows the peer by its certificate alone. */
  noteRefused(reason: string, peer = RELAY_CERTIFICATE): void {
    this.attempts.push({ peer, keyId: "", payloadHash: "", outcome: { reason } });
  }

  close(): void {
    this.connections.close();
    this.#client = undefined;
  }

  #clientFor(protocol: Protocol): Client<typeof RelayerSignerService> {
    const { address } = this.#signer;
    if (this.#client?.address !== address) {
      const clientOf = (p: Protocol) =>
        createClient(RelayerSignerService, this.connections.connect(address, p));
      this.#client = { address, of: { gRPC: clientOf("gRPC"), "Connect JSON": clientOf("Connect JSON") } };
    }
    return this.#client.of[protocol];
  }
}

function outcomeOf(result: SignResult["result"] | undefined): Outcome {
  if (result?.case === "signed") return { signed: result.value.signedTransaction };
  return { reason: result?.case === "refusal" ? reasonName(result.value.reason) : "none" };
}
