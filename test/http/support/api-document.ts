import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

type Json = Readonly<Record<string, unknown>>

export interface ApiOperation {
  readonly operationId: string
  readonly security: readonly Json[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Json }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: Content }>>
}
type Content = Readonly<Record<string, { readonly schema: Json }>>

export interface Document extends Json {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Json>>
    readonly securitySchemes: Readonly<Record<string, Json>>
  }
}

/** What any request may run into, whatever was asked: these types need not stand at each operation. */
const OF_ANY_REQUEST = new Set(
  [
    'internal',
    'timeout',
    'headers-too-large',
    'uri-too-long',
    'method-not-allowed',
    'not-found',
    'bad-request',
  ].map((type) => `/problems/${type}`),
)

/** What a server says of its API, to hold its answers against. */
export class ApiDocument {
  readonly #ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true })
  readonly #validators = new Map<string, ValidateFunction>()
  readonly #schemas: Json

  constructor(readonly document: Document) {
    formats.default(this.#ajv)
    this.#schemas = strict(document.components.schemas) as Json
  }

  static async of(base: string): Promise<ApiDocument> {
    const response = await fetch(`${base}/openapi.json`)
    return new ApiDocument((await response.json()) as Document)
  }

  /** Throws where the answer is none that the document tells of. */
  check(method: string, url: string, answer: { status: number; headers: Headers; text: string }): void {
    const { status, headers, text } = answer
    const [type = ''] = (headers.get('content-type') ?? '').split(';')
    const told = this.operation(method, new URL(url).pathname)
    const isProblem = type === 'application/problem+json'
    if (isProblem) this.#validate('Problem', { $ref: '#/components/schemas/Problem' }, JSON.parse(text))
    const response = told?.responses[String(status)]
    // Of a method that there is not, nothing is told but that.
    const generic =
      isProblem && (told === undefined || OF_ANY_REQUEST.has((JSON.parse(text) as { type: string }).type))
    if (response === undefined) {
      if (generic) return
      throw new Error(`${method} ${url}: nothing is said of ${String(status)}: ${text}`)
    }
    if (method === 'HEAD') return
    const content = response.content?.[type]
    if (content === undefined) {
      if ((text === '' && response.content === undefined) || generic) return
      throw new Error(`${method} ${url}: nothing is said of ${type} for ${String(status)}`)
    }
    if (type === 'text/plain') return
    if (generic && !this.#valid(content.schema, JSON.parse(text))) return
    this.#validate(`${method} ${url} ${String(status)}`, content.schema, JSON.parse(text))
  }

  /** Of a path as it was asked for. */
  operation(method: string, path: string): ApiOperation | undefined {
    const found = Object.entries(this.document.paths).find(([template]) =>
      new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
    )
    return found?.[1][method === 'HEAD' ? 'get' : method.toLowerCase()]
  }

  /** Every schema of the document; throws where one is no JSON Schema. */
  compileAll(): number {
    const all = [
      ...Object.values(this.document.components.schemas),
      ...Object.values(this.document.paths).flatMap((path) => Object.values(path).flatMap(schemasOf)),
    ]
    for (const schema of all) this.#validator(schema)
    return all.length
  }

  #valid(schema: Json, value: unknown): boolean {
    return this.#validator(schema)(value)
  }

  #validate(what: string, schema: Json, value: unknown): void {
    const validator = this.#validator(schema)
    if (validator(value)) return
    throw new Error(`${what}: ${this.#ajv.errorsText(validator.errors)}: ${JSON.stringify(value)}`)
  }

  #validator(schema: Json): ValidateFunction {
    const key = JSON.stringify(schema)
    const known = this.#validators.get(key)
    if (known !== undefined) return known
    const made = this.#ajv.compile({ ...(strict(schema) as Json), $defs: this.#schemas })
    this.#validators.set(key, made)
    return made
  }
}

function schemasOf({ parameters = [], requestBody, responses }: ApiOperation): readonly Json[] {
  const contents = [requestBody?.content, ...Object.values(responses).map((response) => response.content)]
  return [
    ...parameters.map(({ schema }) => schema),
    ...contents.flatMap((content) => Object.values(content ?? {}).map(({ schema }) => schema)),
  ]
}

/** The same, but that an object has no fields besides those it tells of: a client may meet more, a test must not. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) =>
    key === '$ref' && typeof inner === 'string'
      ? [key, inner.replace('#/components/schemas/', '#/$defs/')]
      : [key, strict(inner)],
  )
  const copy = Object.fromEntries(entries) as Json
  const open = copy['type'] === 'object' && 'properties' in copy && !('additionalProperties' in copy)
  return open ? { ...copy, additionalProperties: false } : copy
}
