import type { Operation, ResponseSpec } from '../operation.js'
import { problemSchema } from '../problem.js'
import { PROBLEM_TYPES, type ProblemType } from '../problem-types.js'
import type { Method, Route } from '../route.js'
import { grantsOf, type Scheme, SECURITY_PROBLEMS } from '../security.js'
import { type JsonSchema, SchemaBook } from './json-schema.js'

/** The API as its routes describe it (OpenAPI 3.1.1). */
export function openApi(routes: readonly Route[], version: string): Readonly<Record<string, unknown>> {
  const book = new SchemaBook()
  const paths = Object.fromEntries(routes.map((route) => [templateOf(route.url), pathItem(route, book)]))
  const problem = book.add(problemSchema, 'output')
  return {
    openapi: '3.1.1',
    info: {
      title: 'Reveille',
      version,
      summary: 'Calls, devices and invitations for apps, and the admin API.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    paths,
    components: {
      schemas: book.named,
      responses: {
        Problem: {
          description: 'An error that any request may run into: see its type.',
          content: { 'application/problem+json': { schema: problem } },
        },
      },
      securitySchemes: SECURITY_SCHEMES,
    },
  }
}

const TAGS = [
  { name: 'calls', description: 'What a device does to a call that it was told of.' },
  { name: 'devices', description: 'App installs and their push tokens.' },
  { name: 'channel', description: 'Messages between the server and an app that runs.' },
  { name: 'invitations', description: 'Sessions that apps set up peer to peer.' },
  { name: 'presence', description: 'How users say that they are, and what is seen of them.' },
  { name: 'forwarding', description: 'Cell calls that are fetched by conditional forwarding.' },
  { name: 'admin', description: 'What operators see.' },
  { name: 'server', description: 'The server itself.' },
] as const satisfies readonly { name: Operation['tag']; description: string }[]

const SECURITY_SCHEMES: Readonly<Record<Exclude<Scheme, 'none'>, object>> = {
  admin: {
    type: 'http',
    scheme: 'bearer',
    description: '`http.admin-token` of the configuration; without one, everybody on this machine.',
  },
  'call-token': {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'Comes with the push; good for one call and one device, while the caller is held.',
  },
  'client-token': {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'Of an app of a user, with grants.',
  },
  'invitation-token': {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'Comes with the push; good for one invitation and one device.',
  },
}

/** `/v1/things/:id` as `/v1/things/{id}`. */
export function templateOf(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}')
}

function pathItem({ methods }: Route, book: SchemaBook): object {
  return Object.fromEntries(
    (Object.entries(methods) as [Method, Operation][]).map(([method, operation]) => [
      method.toLowerCase(),
      describe(operation, book),
    ]),
  )
}

function describe(operation: Operation, book: SchemaBook): object {
  const { id, tag, summary, description, grant, security, body } = operation
  const grants = grantsOf(grant).map((name) => `\`${name}\``)
  const needed = grants.length === 0 ? undefined : `A client token needs the grant ${grants.join(' or ')}.`
  const more = [description, needed]
  const text = more.filter((part) => part !== undefined).join('\n\n')
  const parameters = parametersOf(operation, book)
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(text === '' ? {} : { description: text }),
    security: security.map((scheme) => (scheme === 'none' ? {} : { [scheme]: [] })),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: { 'application/json': { schema: book.add(body, 'input') } },
          },
        }),
    responses: responsesOf(operation, book),
  }
}

function parametersOf({ params, query }: Operation, book: SchemaBook): readonly object[] {
  return [
    ...(params === undefined ? [] : fields(book.add(params, 'input'), 'path')),
    ...(query === undefined ? [] : fields(book.add(query, 'input'), 'query')),
  ]
}

function fields(schema: JsonSchema, place: 'path' | 'query'): readonly object[] {
  const { properties = {}, required = [] } = schema as {
    readonly properties?: Readonly<Record<string, JsonSchema>>
    readonly required?: readonly string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }))
}

function responsesOf(operation: Operation, book: SchemaBook): object {
  const problems = problemsOf(operation)
  const statuses = new Set([
    ...Object.keys(operation.responses).map(Number),
    ...problems.map((type) => PROBLEM_TYPES[type].status),
  ])
  const described = [...statuses].map((status): [string, object] => {
    const success = operation.responses[status]
    const failures = problems.filter((type) => PROBLEM_TYPES[type].status === status)
    return [String(status), response(success, failures, book)]
  })
  return { ...Object.fromEntries(described), default: { $ref: '#/components/responses/Problem' } }
}

/** Problems that an operation itself may answer with; those of any request are none of them. */
export function problemsOf(operation: Operation): readonly ProblemType[] {
  const { security, grant, params, query, body, problems = [] } = operation
  const hasInput = params !== undefined || query !== undefined || body !== undefined
  return [
    ...new Set<ProblemType>([
      ...(hasInput ? (['bad-request'] as const) : []),
      ...(body === undefined ? [] : (['too-large', 'unsupported-media-type'] as const)),
      ...security.flatMap((scheme) => SECURITY_PROBLEMS[scheme]),
      ...(grant === undefined ? [] : (['grant-missing'] as const)),
      ...problems,
    ]),
  ]
}

/** A status may stand for a success (503 of a part that is down) and for problems at once. */
function response(
  success: ResponseSpec | undefined,
  problems: readonly ProblemType[],
  book: SchemaBook,
): object {
  const meanings = problems.map((type) => `- \`${type}\`: ${PROBLEM_TYPES[type].meaning}`)
  return {
    description: [...(success === undefined ? [] : [success.description]), ...meanings].join('\n'),
    ...withContent({
      ...(success === undefined ? {} : contentOf(success, book)),
      ...(problems.length === 0 ? {} : { 'application/problem+json': { schema: problemOf(problems, book) } }),
    }),
  }
}

function withContent(content: Readonly<Record<string, object>>): object {
  return Object.keys(content).length === 0 ? {} : { content }
}

function contentOf(success: ResponseSpec, book: SchemaBook): Readonly<Record<string, object>> {
  if ('json' in success) return { 'application/json': { schema: book.add(success.json, 'output') } }
  if ('text' in success) return { [success.text]: { schema: { type: 'string' } } }
  return {}
}

function problemOf(types: readonly ProblemType[], book: SchemaBook): JsonSchema {
  return {
    allOf: [
      book.add(problemSchema, 'output'),
      { properties: { type: { enum: types.map((type) => `/problems/${type}`) } } },
    ],
  }
}
