import type { Config } from '../config/index.js'
import { loadConfig } from '../config/index.js'
import type { RouteView } from '../observe/route-view.js'
import { findServer } from './admin-client.js'
import { UsageError } from './args.js'
import { columns, printable } from './columns.js'
import { command, type Command, CommandError, EXIT, type Io } from './command.js'
import { configOption } from './config-option.js'

interface Question {
  readonly from: string
  readonly to: string
}

export interface RouteDeps {
  /** From the configuration alone: all servers are taken for up, and no device is known. Undefined: no such trunk. */
  readonly explain: (config: Config, question: Question) => Promise<RouteView | undefined>
}

/** Explains by which regions a call would go. */
export function routeCommand(deps: RouteDeps): Command {
  return command({
    name: 'route',
    summary: 'explain by which regions a call would go',
    usage: 'reveille route --from TRUNK|ADDRESS --to NUMBER [--json] [--config FILE]',
    options: {
      from: { type: 'string', value: 'TRUNK', describe: 'a trunk, or an address that its calls come from' },
      to: { type: 'string', value: 'NUMBER', describe: 'the number or name that is called' },
      json: { type: 'boolean', describe: 'JSON' },
      config: configOption,
    },
    notes: 'Asks the running server; where none runs, the configuration alone, as if every server were up.',
    async run({ from, to, json, config: path }, io) {
      if (from === undefined || to === undefined) throw new UsageError('--from and --to are both needed')
      const route = await explained(loadConfig(path, io.env), { from, to }, deps, io)
      io.stdout.write(json ? `${JSON.stringify(route, null, 2)}\n` : textOf(route))
      return EXIT.ok
    },
  })
}

async function explained(
  config: Config,
  question: Question,
  deps: RouteDeps,
  { stderr }: Io,
): Promise<RouteView> {
  const server = await findServer(config.http)
  if ('source' in server) {
    stderr.write(`from ${server.source}\n`)
    return server.route(question.from, question.to)
  }
  stderr.write(`no running server: ${server.absent}\nfrom the configuration alone\n`)
  const route = await deps.explain(config, question)
  if (route === undefined) throw new CommandError(`no trunk is ${question.from}`)
  return route
}

function textOf({ from, media, legs, ending }: RouteView): string {
  const head = columns([
    ['from', `${from.trunk}, by ${from.gateway ?? 'no gateway'} in ${from.region ?? 'no region'}`],
    ...(media.reasons.length === 0 ? [] : [['media', media.region ?? 'no region']]),
    ...media.reasons.map((reason) => ['', reason]),
    ...legs.flatMap(({ to, how, gateway, region, edge, reasons }) => [
      ['leg', `${to}: ${how}, in ${region ?? 'no region'}${gateway === null ? '' : `, by ${gateway}`}`],
      ...(edge === null ? [] : [['', `registers on ${edge}`]]),
      ...reasons.map((reason) => ['', reason]),
    ]),
    ...(ending === null ? [] : [['nobody', ending]]),
  ])
  return `${head.map(printable).join('\n')}\n`
}
