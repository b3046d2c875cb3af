import { Gauge, type Registry } from "prom-client";
import type { BackendState } from "../keys/backend-health.ts";
import { isLocked, lockReason } from "../keys/journal-lock.ts";
import type { KeyRecord, KeyState } from "../keys/key-records.ts";
import type { MasterSecretState } from "../threshold/master-secrets/secret-ring.ts";

/** Where the gauges get their values from, each time that somebody asks. */
export interface GaugeSources {
  readonly keys: () => Promise<readonly KeyRecord[]>;
  readonly backends: () => readonly BackendState[];
  readonly masterSecrets: () => readonly MasterSecretState[];
  readonly journal: () => Promise<{ readonly entries: bigint }>;
}

const STATES: readonly KeyState[] = ["PENDING", "ACTIVE", "DRAINED", "RETIRED"];

/** Registers how keys, backends and the journal are. While the store is away its gauges are absent. */
export function registerGauges(
  registry: Registry,
  { keys, backends, masterSecrets, journal }: GaugeSources,
): void {
  const registers = [registry];
  const records = () => keys().catch(() => undefined);
  const journalState = () => journal().catch(() => undefined);
  new Gauge({
    name: "countersign_signer_keys",
    help: "Keys that the store knows, by state.",
    labelNames: ["state"],
    registers,
    async collect() {
      this.reset();
      const known = await records();
      if (known === undefined) return;
      for (const state of STATES) this.set({ state }, known.filter((k) => k.state === state).length);
    },
  });
  new Gauge({
    name: "countersign_signer_keys_paused",
    help: "Keys that an operator has paused.",
    registers,
    async collect() {
      this.remove();
      const known = await records();
      if (known !== undefined) this.set(known.filter((k) => k.pauseReason !== null).length);
    },
  });
  new Gauge({
    name: "countersign_signer_keys_locked",
    help: "Active keys that sign nothing until their nonces are read from the chain.",
    registers,
    async collect() {
      this.remove();
      const known = await records();
      if (known === undefined) return;
      this.set(known.filter(isLocked).length);
    },
  });
  new Gauge({
    name: "countersign_signer_backend_up",
    help: "1 for a backend that answered when it was asked last, 0 for the others.",
    labelNames: ["backend"],
    registers,
    collect() {
      this.reset();
      for (const { name, healthy } of backends()) this.set({ backend: name }, healthy ? 1 : 0);
    },
  });
  new Gauge({
    name: "countersign_signer_master_secret_up",
    help: "1 for a master secret that can be used, 0 for one that cannot be had now.",
    labelNames: ["scheme", "network", "epoch"],
    registers,
    collect() {
      this.reset();
      for (const { scheme, network, epoch, problem } of masterSecrets()) {
        this.set({ scheme, network, epoch }, problem === "" ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: "countersign_signer_journal_entries",
    help: "Entries of the journal.",
    registers,
    async collect() {
      this.remove();
      const state = await journalState();
      if (state !== undefined) this.set(Number(state.entries));
    },
  });
  new Gauge({
    name: "countersign_signer_journal_locked",
    help: "1 while the journal lets no key sign, else 0.",
    registers,
    async collect() {
      this.remove();
      const known = await records();
      if (known !== undefined) this.set(lockReason(known) === "" ? 0 : 1);
    },
  });
}
