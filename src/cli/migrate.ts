import { loadConfig } from '../config/index.js'
import { StoreUnavailable } from '../ports/store.js'
import { command, type Command, CommandError, EXIT } from './command.js'
import { configOption } from './config-option.js'
import { nameOf, type StoreDeps, withStore } from './store.js'

/** Makes the tables, or brings them up to date. */
export function migrateCommand(deps: StoreDeps): Command {
  return command({
    name: 'migrate',
    summary: 'make the tables of the database, or bring them up to date',
    usage: 'reveille migrate [--config FILE]',
    options: { config: configOption },
    async run({ config: path }, io) {
      const { database } = loadConfig(path, io.env)
      const applied = await withStore(deps, database, async (store) => {
        try {
          return await store.migrate()
        } catch (error) {
          if (error instanceof StoreUnavailable) throw new CommandError(error.message, { cause: error })
          throw error
        }
      })
      for (const name of applied) io.stdout.write(`applied ${name}\n`)
      io.stdout.write(`${nameOf(database)} is up to date\n`)
      return EXIT.ok
    },
  })
}
