import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** State of a socket that listens, in proc_net_tcp(5). */
const LISTEN = '0A'

/**
 * The process that listens on this TCP port, the first of its family where several do; undefined where none is seen.
 * Processes of others are seen by root only.
 */
export function listenerOf(port: number): number | undefined {
  const inodes = inodesOf(port)
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => linksOf(pid).some((link) => inodes.has(link)))
  return pids.map(Number).sort((a, b) => a - b)[0]
}

function inodesOf(port: number): ReadonlySet<string> {
  const mark = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').split('\n'))
  const fields = lines.map((line) => line.trim().split(/\s+/))
  const own = fields.filter(([, local, , state]) => state === LISTEN && local?.endsWith(mark))
  return new Set(own.map((all) => `socket:[${all[9] ?? ''}]`))
}

function linksOf(pid: string): string[] {
  const directory = `/proc/${pid}/fd`
  try {
    return readdirSync(directory).map((fd) => linkOf(`${directory}/${fd}`))
  } catch (error) {
    if (isHidden(error)) return []
    throw error
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch (error) {
    if (isHidden(error)) return ''
    throw error
  }
}

/** Gone meanwhile, or of another user. */
function isHidden(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOENT', 'EACCES', 'ESRCH'].includes(String(error.code))
  )
}
