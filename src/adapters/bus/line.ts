/**
 * A line on which several hear what each of them says, at once and in order a speaker. What is said may get lost: what
 * has to arrive goes another way as well.
 */
export interface Line {
  say(text: string): void
  /** Called with each thing that another said. Never to throw. */
  listen(hear: (text: string) => void): void
}
