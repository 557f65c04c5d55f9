/**
 * A configuration file as it stands: every scalar is the text that was written, whatever YAML would make of it, so
 * that `+15550100` keeps its plus sign and a password of digits its zeros. Positions are offsets into the file.
 */
export type Tree = MapNode | ListNode | TextNode

export interface MapNode {
  readonly kind: 'map'
  readonly at: number
  readonly entries: readonly Entry[]
}

export interface Entry {
  readonly key: string
  readonly at: number
  readonly value: Tree
}

export interface ListNode {
  readonly kind: 'list'
  readonly at: number
  readonly items: readonly Tree[]
}

export interface TextNode {
  readonly kind: 'text'
  readonly at: number
  readonly text: string
  /** Nothing was written, or YAML's word for nothing: the key counts as left out. */
  readonly absent: boolean
}

export type Path = readonly (string | number)[]

/** YAML's words for nothing, where they are not quoted. */
export function isNothing(plain: string): boolean {
  return plain === '' || plain === '~' || /^(?:null|Null|NULL)$/.test(plain)
}

/** Looks paths up in a tree. Keys of a map are indexed when they are first asked for: some maps have 100,000. */
export function createLocator(root: Tree) {
  const indexes = new Map<MapNode, Map<string, Entry>>()

  const entryOf = (map: MapNode, key: string): Entry | undefined => {
    let index = indexes.get(map)
    if (index === undefined) {
      // Of a key that is there twice the first one counts, as it does for the value.
      index = new Map(map.entries.toReversed().map((entry) => [entry.key, entry]))
      indexes.set(map, index)
    }
    return index.get(key)
  }

  /** The deepest place of the path that is in the file: the value, and the key that it stands under. */
  return (path: Path): { readonly value: Tree; readonly keyAt: number; readonly found: boolean } => {
    let value = root
    let keyAt = root.at
    for (const step of path) {
      const entry = value.kind === 'map' ? entryOf(value, String(step)) : undefined
      const next = entry?.value ?? (value.kind === 'list' ? value.items[Number(step)] : undefined)
      if (next === undefined) return { value, keyAt, found: false }
      keyAt = entry?.at ?? next.at
      value = next
    }
    return { value, keyAt, found: true }
  }
}
