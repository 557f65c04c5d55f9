/** A table of Markdown, which reads as well in a terminal: columns that hold numbers are flush right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = head.map((title, n) => [title, ...rows.map((row) => row[n] ?? '')])
  const widths = columns.map((cells) => Math.max(3, ...cells.map((cell) => [...cell].length)))
  const right = columns.map(([, ...cells]) => cells.some((cell) => /\d/.test(cell)) && cells.every(isNumeric))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, n) => pad(cell, widths[n] ?? 0, right[n] ?? false)).join(' | ')} |`
  const rule = widths.map((width, n) => (right[n] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n')
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - [...text].length))
  return right ? space + text : text + space
}

function isNumeric(cell: string): boolean {
  return /^[-+]?\d*\.?\d*$|^–$/.test(cell)
}
