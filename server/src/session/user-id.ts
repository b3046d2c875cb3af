/** 128 random bits in base64url. */
const FORM = /^u_[A-Za-z0-9_-]{22}$/;

/** The id of a new user. */
export function newUserId(randomBytes: (bytes: number) => Uint8Array): string {
  return `u_${Buffer.from(randomBytes(16)).toString("base64url")}`;
}

/** Whether a text has the form of the ids of users who sign in at a relay. */
export function isUserId(text: string): boolean {
  return FORM.test(text);
}
