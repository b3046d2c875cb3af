import { formatPublicKey } from "@countersign/near";
import { Command } from "commander";
import { openBackends } from "../backends/open-backends.ts";
import { loadSignerConfig, type SignerConfig } from "../config.ts";
import { CallerCredentials } from "../grants/caller-credentials.ts";
import { loadKeys } from "../keys/load-keys.ts";
import { resolveListenOn } from "../listening/listen-on.ts";
import { hasPolicy } from "../policy/policy.ts";
import { findPolicyConflict } from "../policy/policy-conflict.ts";
import { storedKeys } from "../store/stored-keys.ts";
import { loadSecrets } from "../threshold/master-secrets/load-secrets.ts";
import { secretName } from "../threshold/master-secrets/secret-name.ts";
import { sameSecrets } from "../threshold/same-secrets.ts";

/** `signer config check`: everything that `run` does before it listens, without listening; the store is only read. */
export function configCommand(): Command {
  const config = new Command("config");
  config
    .command("check")
    .description("checks the configuration, the files it names and the keys, and shows what is in effect")
    .requiredOption("--config <file>", "configuration file (YAML)")
    .option("--json", "print JSON")
    .action(async (options: { config: string; json?: true }) => {
      const loaded = loadSignerConfig(options.config, process.env);
      const { keys, missing } = await check(loaded.config);
      const secretsAway = await checkSecrets(loaded.config);
      const away = missing.map(({ source: { backend, keyIds }, problem }) => ({
        backend: backend.name,
        key_ids: keyIds,
        problem,
      }));
      const lines = [
        ...away.map(({ backend, problem }) => `backend ${backend} is away: ${problem}\n`),
        ...secretsAway.map(({ name, problem }) => `master secret ${name} is away: ${problem}\n`),
      ];
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ ok: true, keys, away, master_secrets_away: secretsAway }, null, 2)}\n`
          : `${loaded.dump()}\n${lines.join("")}ok: the configuration is valid; keys that open: ${keys.length}\n`,
      );
    });
  return config;
}

/** Throws an Error that tells the operator what is wrong. */
async function check(config: SignerConfig) {
  await resolveListenOn(config.listen);
  if (config.admin !== undefined) await resolveListenOn(config.admin.listen);
  if (config.caller_credentials !== undefined) await CallerCredentials.load(config.caller_credentials);
  const backends = await openBackends(config.backends);
  try {
    // Keys that were made while the signer ran stand in its store alone.
    const records = await storedKeys(config.store);
    const { keys: loaded, away, missing, problems } = await loadKeys(backends, config.keys, records);
    const keys = loaded.map(({ key }) => key);
    const conflict = findPolicyConflict(config.policies, [...config.keys, ...keys, ...away]);
    const wrong = conflict === null ? problems : [...problems, conflict];
    if (wrong.length > 0) throw new Error(wrong.join("; "));
    return {
      missing,
      keys: keys.map((key) => ({
        key_id: key.keyId,
        network: key.network,
        account_id: key.accountId,
        public_key: formatPublicKey(key.publicKey),
        backend: key.backendName,
        has_policy: hasPolicy(config.policies, key),
      })),
    };
  } finally {
    await Promise.all(backends.map((backend) => backend.close()));
  }
}

/** Opens every master secret, and gives those whose place is away. Throws an Error that tells what is wrong. */
async function checkSecrets({ threshold, backends }: SignerConfig) {
  const sources = threshold?.masterSecrets ?? [];
  const loaded = await loadSecrets(sources, { backends, openBackends, held: () => undefined });
  const held = loaded.flatMap((s) => (s.secret === null ? [] : [{ name: secretName(s), secret: s.secret }]));
  const same = sameSecrets(held);
  for (const { secret } of held) secret.fill(0);
  if (same !== null) throw new Error(`${same[0]} and ${same[1]} have the same master secret`);
  return loaded.flatMap((s) => (s.secret === null ? [{ name: secretName(s), problem: s.problem }] : []));
}
