/** `2026-01-01 12:00:00Z`, of microseconds since the Unix epoch. */
export function utc(at: number): string {
  return `${new Date(at / 1000).toISOString().slice(0, 19).replace('T', ' ')}Z`
}

/** `12.3 s`, of microseconds. */
export function seconds(us: number): string {
  return `${(us / 1e6).toFixed(1)} s`
}
