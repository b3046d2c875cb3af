/** Most characters of a text that came from outside. */
const MAX_LENGTH = 256;

/** Cuts a text at 256 characters and puts U+FFFD for what UTF-8 (lone surrogates) or PostgreSQL (NUL) cannot hold. */
export function boundedText(text: string): string {
  return text.slice(0, MAX_LENGTH).toWellFormed().replaceAll("\0", "\uFFFD");
}
