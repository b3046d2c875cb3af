export { DomainError, ERROR_DOMAIN, reasonFromName, reasonName } from "./domain-error.ts";
export { Secret } from "./secret.ts";
