import { BackendError } from "./backend-failure.ts";

/**
 * Loads the client library of one kind of backend, which only deployments that have such a backend install.
 * Throws a BackendError that names the package if it is not there.
 */
export async function loadOptionalPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // Only this package: one of its own dependencies that is missing is a broken installation.
    if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes(`'${name}'`)) throw cause;
    throw new BackendError(`this backend needs the package ${name}, which is not installed`, { cause });
  }
}
