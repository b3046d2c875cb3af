/** Largest answer of a provider that is read, in bytes. */
const MAX_BYTES = 65_536;
/** A provider may take this long for one answer, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** The provider cannot be asked now, or gives no sense. Its message and cause are for the log. */
export class ProviderUnavailable extends Error {
  override readonly name = "ProviderUnavailable";
}

/** A provider's answer: its status, and its body as JSON, undefined for what is none. */
export interface ProviderAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks a provider, follows no redirects, and reads a bounded body within a bounded time. Throws ProviderUnavailable. */
export async function askProvider(url: URL, request: RequestInit = {}): Promise<ProviderAnswer> {
  try {
    const response = await fetch(url, {
      ...request,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new ProviderUnavailable("the answer is a redirect");
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new ProviderUnavailable("the answer is too large");
      chunks.push(chunk);
    }
    return { status: response.status, body: jsonOf(Buffer.concat(chunks).toString("utf8")) };
  } catch (cause) {
    if (cause instanceof ProviderUnavailable) throw cause;
    throw new ProviderUnavailable(`${url.origin} gave no answer`, { cause });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
