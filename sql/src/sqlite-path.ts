/** The file of a `sqlite:PATH` URL; undefined for another URL. */
export function sqlitePath(url: string): string | undefined {
  return /^sqlite:(?:\/\/)?(.+)$/s.exec(url)?.[1];
}
