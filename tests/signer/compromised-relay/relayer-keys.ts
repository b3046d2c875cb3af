/** The network that the attacked keys sign for. */
export const NETWORK = "testnet";
/** The account whose delegates and registrations are relayed. */
export const RELAYER = "relay.testnet";
/** The one app that delegates may go to, and where accounts are registered. */
export const APP = "app.testnet";
export const REGISTRAR = "users.testnet";
/** The account that holds the operator's money, and the only one that it may go to. */
export const TREASURY = "treasury.testnet";
export const COLD = "cold.testnet";
/** The most that a transfer moves, and the treasury in a day. yoctoNEAR. */
export const MAX_DEPOSIT = 10n;
export const TREASURY_PER_DAY = 25n;
export const MAX_ACTIONS = 16;
/** Signatures that the key "paced" has at once; the next one is a quarter of an hour away. */
export const BURST = 3;

const limits = {
  network: NETWORK,
  rate: { per_second: 1_000, burst: 10_000 },
  gas_per_day: `1${"0".repeat(30)}`,
  max_actions: MAX_ACTIONS,
};

/** What an operator lets a relay do: delegates to one app, and accounts of two suffixes. */
const RELAYING = {
  ...limits,
  deposit_per_day: "1000",
  delegates: {
    max_gas: "300000000000000",
    max_deposit: MAX_DEPOSIT.toString(),
    receivers: [{ account: APP, methods: ["vote"] }],
  },
  account_creation: {
    suffixes: [`.${RELAYER}`, `.${REGISTRAR}`],
    registrar: { account: REGISTRAR, method: "create_account" },
    max_deposit: MAX_DEPOSIT.toString(),
  },
};

/** The keys by id: whose they are, and what they may sign. One without a policy may sign nothing. */
export const KEYS = {
  relayer: { account: RELAYER, policy: RELAYING },
  keeper: { account: RELAYER, policy: { ...limits, key_management: true } },
  treasury: {
    account: TREASURY,
    policy: {
      ...limits,
      deposit_per_day: TREASURY_PER_DAY.toString(),
      transfers: { receivers: [COLD], max_deposit: MAX_DEPOSIT.toString() },
    },
  },
  paced: { account: RELAYER, policy: { ...RELAYING, rate: { per_second: 0.001, burst: BURST } } },
  rotated: { account: RELAYER, policy: RELAYING },
  mainnet: { account: "relay.near", policy: { ...RELAYING, network: "mainnet" } },
  unnamed: { account: RELAYER, policy: undefined },
  pending: { account: RELAYER, policy: RELAYING },
  paused: { account: RELAYER, policy: RELAYING },
  drained: { account: RELAYER, policy: RELAYING },
  retired: { account: RELAYER, policy: undefined },
  locked: { account: RELAYER, policy: RELAYING },
} as const;

export type KeyId = keyof typeof KEYS;
export const KEY_IDS = Object.keys(KEYS) as KeyId[];

export const networkOf = (keyId: KeyId) => (keyId === "mainnet" ? "mainnet" : NETWORK);

/** The section `policies` of the signer's configuration. */
export const POLICIES = Object.fromEntries(
  KEY_IDS.flatMap((keyId) => {
    const { account, policy } = KEYS[keyId];
    return policy === undefined ? [] : [[keyId, { account_id: account, ...policy }]];
  }),
);
