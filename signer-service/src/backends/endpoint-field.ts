import { z } from "zod";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** A service's address without a path: https, or http to this machine. Given without a slash at its end. */
export const endpointField = z.string().transform((text, context): string => {
  const refuse = (message: string) => {
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
  const url = URL.parse(text);
  if (url === null) return refuse("must be a URL like https://kms.example:8200");
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "" || url.username !== "") {
    return refuse("must be an address only: no path, no query and no credentials");
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.has(url.hostname)))
    return url.origin;
  return refuse("must be https; http only goes to this machine");
});
