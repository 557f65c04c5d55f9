import { z } from 'zod'

export type JsonSchema = Readonly<Record<string, unknown>>

/** Schemas of one document: those with an id of their own (`.meta({ id })`) stand in it once, under that name. */
export class SchemaBook {
  readonly #named = new Map<string, JsonSchema>()

  get named(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => a.localeCompare(b)))
  }

  /** What may be sent (`input`) or is answered (`output`). Throws where two schemas have one name. */
  add(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const {
      $schema: _,
      $defs,
      ...json
    } = toComponents(
      z.toJSONSchema(schema, {
        io,
        // A client must not break where a response has more than it knows.
        override: ({ jsonSchema }) => {
          if (io === 'output' && jsonSchema.additionalProperties === false)
            delete jsonSchema.additionalProperties
        },
      }),
    ) as JsonSchema & { $defs?: Readonly<Record<string, JsonSchema>> }
    for (const [name, one] of Object.entries($defs ?? {})) this.#name(name, one)
    const { id, ...anonymous } = json
    if (typeof id !== 'string') return json
    this.#name(id, anonymous)
    return { $ref: `#/components/schemas/${id}` }
  }

  #name(name: string, { id: _, ...schema }: JsonSchema): void {
    const known = this.#named.get(name)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`two schemas of the API are called ${name}`)
    }
    this.#named.set(name, schema)
  }
}

/** References point to the document's components, and not into the schema itself. */
function toComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toComponents)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, inner.replace('#/$defs/', '#/components/schemas/')]
        : [key, toComponents(inner)],
    ),
  )
}
