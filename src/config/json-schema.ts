import { z } from 'zod'
import { configSchema } from './schema/index.js'

/** The JSON Schema of the configuration file, for editors. */
export function configJsonSchema(): object {
  const schema = configSchema({ resolve: (path) => path, exists: () => true })
  return {
    title: 'Configuration of Reveille',
    ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
  }
}
