// What a page and its worker may not give away.

/** What `watchSecrets` saw. */
export interface Seen {
  /** What the PRF extension gave, each time. */
  readonly prfs: number[][];
  /** All messages of workers, as JSON with bytes as lists of numbers. */
  fromWorker: string;
  /** How many bytes of each PRF result are still in the page once the worker has answered. */
  readonly leftBehind: number[];
}

/** Runs in the page before its own code: copies what passkeys give and what workers say. */
export function watchSecrets(): void {
  const seen: Seen = { prfs: [], fromWorker: "", leftBehind: [] };
  const results: ArrayBuffer[] = [];
  Object.assign(globalThis, { seen });
  const { PublicKeyCredential: credential, Worker: worker } = globalThis as unknown as {
    PublicKeyCredential: { prototype: { getClientExtensionResults: () => { prf?: Prf } } };
    Worker: {
      prototype: { addEventListener: (type: string, listener: (event: { data: unknown }) => void) => void };
    };
  };
  interface Prf {
    results?: { first: ArrayBuffer };
  }
  const given = credential.prototype.getClientExtensionResults;
  credential.prototype.getClientExtensionResults = function (this: unknown) {
    const extensions = given.call(this);
    const first = extensions.prf?.results?.first;
    if (first !== undefined) {
      results.push(first);
      seen.prfs.push([...new Uint8Array(first)]);
    }
    return extensions;
  };
  const listen = worker.prototype.addEventListener;
  worker.prototype.addEventListener = function (this: unknown, type, listener) {
    const watched = (event: { data: unknown }) => {
      const text = JSON.stringify(event.data, (_, value) =>
        ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value,
      );
      seen.fromWorker += text;
      seen.leftBehind.splice(0, Infinity, ...results.map(({ byteLength }) => byteLength));
      listener.call(this, event);
    };
    listen.call(this, type, type === "message" ? watched : listener);
  };
}

/** How a secret would look in a body, or in the page's messages. */
export function forms(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const encoded = (["latin1", "hex", "base64", "base64url"] as const).map((form) => bytes.toString(form));
  return [encoded[0] ?? "", [...bytes].join(), ...encoded.slice(1)].map((form) => form.replace(/=+$/, ""));
}
