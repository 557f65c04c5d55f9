export { createHttp, type HttpOptions, type HttpServer } from './server.js'
export type { Readiness } from './routes/readyz.js'
export type { LiveCounts } from './routes/admin-calls.js'
