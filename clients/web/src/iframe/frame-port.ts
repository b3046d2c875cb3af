/** One end of a channel between host and guest. */
export interface FramePort {
  send(message: string): void;
  /** Hands over whatever comes from now on, and to nobody else; undefined for what cannot be read. */
  receive(listener: (data: unknown) => void): void;
  /** Tells when the other end is gone, where browsers do. */
  ended(listener: () => void): void;
  close(): void;
}
