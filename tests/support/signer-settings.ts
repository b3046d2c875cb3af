/** What the configuration of a signer for tests says; JSON is YAML. */
export interface SignerSettings {
  readonly [section: string]: unknown;
}

/** Amounts that no test reaches. */
const MUCH = `1${"0".repeat(36)}`;

/** A policy that allows everything which has a purpose, for tests that are about something else. */
export function openPolicy(network: string, accountId: string, registrar = "registrar.test") {
  return {
    network,
    account_id: accountId,
    rate: { per_second: 1_000_000, burst: 1_000_000 },
    deposit_per_day: MUCH,
    gas_per_day: MUCH,
    delegates: {
      max_gas: MUCH,
      max_deposit: MUCH,
      receivers: [{ account: "*", methods: ["*"] }],
      actions: [
        "CreateAccount",
        "DeployContract",
        "FunctionCall",
        "Transfer",
        "Stake",
        "AddKey",
        "DeleteKey",
        "DeleteAccount",
      ],
    },
    account_creation: {
      suffixes: [`.${accountId}`, `.${registrar}`],
      registrar: { account: registrar, method: "create_account_and_register_user", extra_arguments: true },
      max_deposit: MUCH,
      max_gas: MUCH,
    },
    transfers: { receivers: ["alice.testnet"], max_deposit: MUCH },
  };
}

/** A signer on Unix sockets in `folder`, with a store of its own there. It asks for no grants unless `more` says so. */
export function signerSettings(folder: string, more: SignerSettings = {}): SignerSettings {
  return {
    audience: "test-signer",
    listen: { unix: `${folder}/s` },
    admin: { listen: { unix: `${folder}/a` } },
    operations: { port: 0 },
    store: { url: `sqlite:${folder}/signer.db` },
    grants: { required: false },
    log: { level: "error" },
    ...more,
  };
}
