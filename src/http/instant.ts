import { z } from 'zod'

/** A time as apps are told it (RFC 3339); inside of the server times are numbers. */
export const instant = z.iso.datetime()

/** @param micros microseconds since the epoch */
export function iso(micros: number): string {
  return new Date(micros / 1000).toISOString()
}
