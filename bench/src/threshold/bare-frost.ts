// Both sides' arithmetic of one signature, without processes, networks and stores: noble's FROST and ours, in the same
// run and in the protocol's order. `node bench/src/threshold/bare-frost.ts [signatures]` prints it.
import { randomBytes } from "node:crypto";
import {
  aggregate,
  assertPoint,
  commit,
  groupKey,
  type SigningPackage,
  signShare,
  verifyingShare,
  verifyShare,
} from "@countersign/crypto/frost-ed25519.ts";
import { ed25519_FROST as noble } from "@noble/curves/ed25519.js";
import { quantile } from "../shared/quantiles.ts";

const STEPS = [
  "relayer: check client's commitments",
  "relayer: commit",
  "relayer: verifyShare",
  "relayer: signShare",
  "relayer: aggregate",
  "client: commit",
  "client: signShare",
] as const;
type Step = (typeof STEPS)[number];

/** Median CPU microseconds of each step. */
type StepCosts = Readonly<Record<Step, number>>;

/** What one signature costs each side, in CPU microseconds: the sums of the medians. */
export interface BareFrost {
  readonly steps: StepCosts;
  readonly relayer_us: number;
  readonly client_us: number;
}

type Timer = <T>(step: Step, work: () => T) => T;

const random = (bytes: number) => new Uint8Array(randomBytes(bytes));

/** Signs `signatures` times with noble's FROST and with ours, in turn. Shares and key stay the same, nonces do not. */
export function measureBareFrost(signatures: number): {
  readonly noble: BareFrost;
  readonly ours: BareFrost;
} {
  const [nobleTimes, ourTimes] = [new StepTimes(), new StepTimes()];
  const [signWithNoble, signWithOurs] = [nobleCeremony(), ourCeremony()];
  const warmUps = Math.ceil(signatures / 4);
  for (let i = -warmUps; i < signatures; i++) {
    const message = random(32);
    signWithNoble(message, i < 0 ? untimed : nobleTimes.time);
    signWithOurs(message, i < 0 ? untimed : ourTimes.time);
  }
  return { noble: nobleTimes.costs(), ours: ourTimes.costs() };
}

const untimed: Timer = (_step, work) => work();

class StepTimes {
  readonly #times = new Map<Step, number[]>(STEPS.map((step) => [step, []]));

  readonly time: Timer = (step, work) => {
    const before = process.cpuUsage();
    const result = work();
    const { user, system } = process.cpuUsage(before);
    this.#times.get(step)?.push(user + system);
    return result;
  };

  costs(): BareFrost {
    const median = (step: Step) => {
      const times = this.#times.get(step) ?? [];
      return times.length === 0 ? 0 : quantile(times, 0.5);
    };
    const steps = Object.fromEntries(STEPS.map((step) => [step, median(step)])) as unknown as StepCosts;
    const sum = (side: string) =>
      STEPS.filter((step) => step.startsWith(side)).reduce((us, step) => us + steps[step], 0);
    return { steps, relayer_us: sum("relayer"), client_us: sum("client") };
  }
}

function ourCeremony(): (message: Uint8Array, time: Timer) => void {
  const [client, relayer] = [noble.utils.randomScalar(), noble.utils.randomScalar()];
  const publicShare = verifyingShare(client);
  const key = groupKey(publicShare, verifyingShare(relayer));
  return (message, time) => {
    // The client is another process: what it computes must not be remembered for the relayer, so noble makes it.
    const round = nobleRound(client);
    const theirs = time("relayer: commit", () => commit(relayer, random));
    time("relayer: check client's commitments", () => {
      assertPoint(round.commitments.hiding);
      assertPoint(round.commitments.binding);
    });
    const signing: SigningPackage = {
      groupKey: key,
      message,
      clientCommitments: round.commitments,
      relayerCommitments: theirs.commitments,
    };
    const share = nobleShare(signing, client, publicShare, round.nonces);
    if (!time("relayer: verifyShare", () => verifyShare("client", publicShare, share, signing))) {
      throw new Error("the client's share is wrong");
    }
    const other = time("relayer: signShare", () => signShare("relayer", relayer, theirs.nonces, signing));
    time("relayer: aggregate", () => aggregate(signing, share, other));

    // The same the other way round: the relayer's commitments come from elsewhere.
    const foreign = nobleRound(relayer);
    const own = time("client: commit", () => commit(client, random));
    const package2 = {
      ...signing,
      clientCommitments: own.commitments,
      relayerCommitments: foreign.commitments,
    };
    time("client: signShare", () => signShare("client", client, own.nonces, package2));
  };
}

function nobleRound(share: Uint8Array): ReturnType<typeof commit> {
  const { nonces, commitments } = noble.commit({
    identifier: noble.Identifier.fromNumber(1),
    signingShare: Uint8Array.from(share),
  });
  return { nonces: Uint8Array.from([...nonces.hiding, ...nonces.binding]), commitments };
}

function nobleShare(
  signing: SigningPackage,
  share: Uint8Array,
  publicShare: Uint8Array,
  nonces: Uint8Array,
): Uint8Array {
  const id = noble.Identifier.fromNumber(1);
  const { clientCommitments, relayerCommitments } = signing;
  return noble.signShare(
    { identifier: id, signingShare: Uint8Array.from(share) },
    {
      signers: { min: 2, max: 2 },
      commitments: [Uint8Array.from(signing.groupKey)],
      verifyingShares: { [id]: Uint8Array.from(publicShare) },
    },
    { hiding: nonces.slice(0, 32), binding: nonces.slice(32) },
    [
      { identifier: id, ...copy(clientCommitments) },
      { identifier: noble.Identifier.fromNumber(2), ...copy(relayerCommitments) },
    ],
    Uint8Array.from(signing.message),
  );
}

function copy({ hiding, binding }: SigningPackage["clientCommitments"]) {
  return { hiding: Uint8Array.from(hiding), binding: Uint8Array.from(binding) };
}

function nobleCeremony(): (message: Uint8Array, time: Timer) => void {
  const [clientId, relayerId] = [noble.Identifier.fromNumber(1), noble.Identifier.fromNumber(2)];
  const dealt = noble.trustedDealer({ min: 2, max: 2 }, [clientId, relayerId]);
  const [client, relayer] = [dealt.secretShares[clientId], dealt.secretShares[relayerId]];
  if (client === undefined || relayer === undefined) throw new Error("the dealer dealt no shares");
  return (bytes, time) => {
    const message = Uint8Array.from(bytes);
    const a = time("client: commit", () => noble.commit(client));
    const b = time("relayer: commit", () => noble.commit(relayer));
    const list = [a.commitments, b.commitments];
    const sign = () => noble.signShare(client, dealt.public, a.nonces, list, message);
    const share = time("client: signShare", sign);
    const verify = () => noble.verifyShare(dealt.public, list, message, clientId, share);
    if (!time("relayer: verifyShare", verify)) throw new Error("the client's share is wrong");
    const other = time("relayer: signShare", () =>
      noble.signShare(relayer, dealt.public, b.nonces, list, message),
    );
    time("relayer: aggregate", () =>
      noble.aggregate(dealt.public, list, message, { [clientId]: share, [relayerId]: other }),
    );
  };
}

function table(measured: ReturnType<typeof measureBareFrost>): string {
  const line = (name: string, noble: number, ours: number) =>
    `${name.padEnd(36)} ${noble.toFixed(0).padStart(8)} ${ours.toFixed(0).padStart(8)}`;
  const { noble: theirs, ours } = measured;
  return [
    `${"median CPU microseconds".padEnd(36)} ${"noble".padStart(8)} ${"ours".padStart(8)}`,
    ...STEPS.map((step) => line(step, theirs.steps[step], ours.steps[step])),
    line("relayer, one signature", theirs.relayer_us, ours.relayer_us),
    line("client, one signature", theirs.client_us, ours.client_us),
    "",
  ].join("\n");
}

if (import.meta.main) process.stdout.write(table(measureBareFrost(Number(process.argv[2] ?? 100))));
