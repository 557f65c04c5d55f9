import { nearest } from './nearest.js'
import type { Config } from './schema/index.js'

/** Whether the configuration knows a name; the nearest that it knows, where there is one, if it does not. */
export function knownNames({
  users,
  groups,
  trunks,
}: Pick<Config, 'users' | 'groups' | 'trunks'>): (
  kind: 'user' | 'group' | 'trunk',
  name: string,
) => true | { readonly near?: string } {
  const all = { user: users, group: groups, trunk: trunks }
  return (kind, name) => {
    if (all[kind].has(name)) return true
    const near = nearest(name, [...all[kind].keys()])
    return near === undefined ? {} : { near }
  }
}
