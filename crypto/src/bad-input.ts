/** An input is not what a function takes: a size, a name, an encoding. The message is safe to show. */
export class BadInput extends Error {
  override readonly name: string = "BadInput";
}
