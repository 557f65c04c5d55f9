export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Puts environment variables into a text: `${NAME}`, `${NAME:-default}` where it is unset or empty, and `$${` for a
 * plain `${`. What a variable holds is taken as it is.
 *
 * @param complain is told what cannot be done
 */
export function substitute(
  text: string,
  environment: Environment,
  complain: (message: string) => void,
): string {
  if (!text.includes('${')) return text
  return text.replace(
    /\$(?=\$\{)(\$\{)|\$\{([^}]*)(\}?)/g,
    (_, escaped?: string, inner = '', closed = '') => {
      if (escaped !== undefined) return escaped
      const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inner as string) ?? []
      if (closed === '' || name === undefined) {
        complain('expected ${NAME} or ${NAME:-default} after "$"; a plain "${" is written "$${"')
        return ''
      }
      const value = environment[name]
      if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
      if (value === undefined) complain(`the environment variable ${name} is not set`)
      return value ?? ''
    },
  )
}
