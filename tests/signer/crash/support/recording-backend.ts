import { formatPublicKey } from "@countersign/near";
import type { Backend, NewKeyNames } from "@countersign/signer-service/backends/backend.ts";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import type { Fault } from "./fault.ts";
import type { RecordFile } from "./record-file.ts";

/** A place whose keys write down what they sign before they do, and die where they are told to. */
export function recordingBackend(place: Backend, record: RecordFile, fault: Fault): Backend {
  const heldKeys = place.heldKeys?.bind(place);
  const listed = heldKeys && {
    heldKeys: async () =>
      (await heldKeys()).map((held) => ({ ...held, backend: recordingKey(held.backend, record, fault) })),
  };
  const generate = place.generate?.bind(place);
  const making = generate && {
    generate: async (names: NewKeyNames) => {
      const made = await generate(names);
      return { ...made, key: recordingKey(made.key, record, fault) };
    },
  };
  return {
    name: place.name,
    describe: () => place.describe(),
    ...listed,
    ...making,
    open: async (reference) => recordingKey(await place.open(reference), record, fault),
    check: (signal) => place.check(signal),
    close: () => place.close(),
  };
}

function recordingKey(key: KeyBackend, record: RecordFile, fault: Fault): KeyBackend {
  return {
    describe: () => key.describe(),
    publicKey: () => key.publicKey(),
    async sign(hash) {
      const publicKey = formatPublicKey(await key.publicKey());
      fault.at("before the backend signs");
      record.signs({ publicKey, hash: Buffer.from(hash).toString("hex") });
      const signature = await key.sign(hash);
      fault.at("after the backend signed");
      return signature;
    },
  };
}
