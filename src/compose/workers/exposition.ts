interface Family {
  readonly head: string[]
  readonly samples: string[]
}

export interface Part {
  /** Value of the label `worker`. */
  readonly worker: string
  /** In the Prometheus text format. */
  readonly text: string
}

/** Several texts in the Prometheus text format as one, each sample with the label of who it is of. */
export function mergeExpositions(parts: readonly Part[]): string {
  const families = new Map<string, Family>()
  for (const { worker, text } of parts) {
    let family: Family | undefined
    for (const line of text.split('\n')) {
      const comment = /^# (HELP|TYPE) (\S+)/.exec(line)
      if (comment !== null) {
        family = familyOf(families, comment[2] ?? '')
        // Of each family one HELP and one TYPE.
        if (!family.head.some((other) => other.startsWith(comment[0]))) family.head.push(line)
      } else if (line !== '' && !line.startsWith('#')) {
        family ??= familyOf(families, '')
        family.samples.push(labelled(line, worker))
      }
    }
  }
  const lines = [...families.values()].flatMap(({ head, samples }) => [...head, ...samples])
  return `${lines.join('\n')}\n`
}

function familyOf(families: Map<string, Family>, name: string): Family {
  const known = families.get(name)
  if (known !== undefined) return known
  const family = { head: [], samples: [] }
  families.set(name, family)
  return family
}

/** `name{a="b"} 1` or `name 1`. */
function labelled(sample: string, worker: string): string {
  const end = sample.search(/[{ ]/)
  const name = sample.slice(0, end)
  const label = `worker="${worker}"`
  if (sample[end] !== '{') return `${name}{${label}}${sample.slice(end)}`
  const rest = sample.slice(end + 1)
  return `${name}{${label}${rest.startsWith('}') ? '' : ','}${rest}`
}
