// The worker's entry where there is no build: a thread does not inherit the loader that reads TypeScript.
import { register } from 'tsx/esm/api'

register()
await import('./pglite-worker.ts')
