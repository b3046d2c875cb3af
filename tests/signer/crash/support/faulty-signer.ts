// A signer in a process of its own that writes down what it signs, and kills itself when and where it is told to. The
// only argument is a Plan.
import { flushCompileCache } from "node:module";
import { createSigner } from "@countersign/signer-service/app.ts";
import { openBackends } from "@countersign/signer-service/backends/open-backends.ts";
import { loadSignerConfig } from "@countersign/signer-service/config.ts";
import { testBackend } from "../../../support/test-signer.ts";
import { journalOfKind } from "./broken-journals.ts";
import { Fault } from "./fault.ts";
import { faultyJournal } from "./faulty-journal.ts";
import type { ArmedFault, Plan } from "./plan.ts";
import { RandomEcdsaKey } from "./random-ecdsa-key.ts";
import { RecordFile } from "./record-file.ts";
import { recordingBackend } from "./recording-backend.ts";
import { watchIo } from "./watched-io.ts";

process.on("disconnect", () => process.exit());
const {
  config,
  record: path,
  ecdsa,
  network,
  accountId,
  journal: kind,
} = JSON.parse(process.argv[2] ?? "") as Plan;
const record = new RecordFile(path);
const fault = new Fault();
watchIo(fault, "while it answers");

await createSigner(loadSignerConfig(config, process.env).config, {
  openBackends: async (configs) => {
    const backend = new RandomEcdsaKey(Buffer.from(ecdsa.secret, "hex"));
    const inMemory = testBackend("memory", [{ keyId: ecdsa.keyId, network, accountId, backend }]);
    const places = [...(await openBackends(configs)), inMemory];
    return places.map((place) => recordingBackend(place, record, fault));
  },
  journal: (journal) => faultyJournal(journalOfKind(kind, journal), record, fault),
});
// A killed process leaves no cache behind, and the next one starts slowly.
flushCompileCache();
process.on("message", (armed: ArmedFault) => {
  fault.arm(armed);
  process.send?.("armed");
});
process.send?.("serves");
