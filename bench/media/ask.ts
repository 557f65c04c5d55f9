import type { ChildProcess } from 'node:child_process'

/** Says something to a process of ours; resolves to what it says next. Rejects where it ends, or says that it failed. */
export function ask<Question extends object, Answer extends object>(
  child: ChildProcess,
  question: Question,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    const onMessage = (answer: Answer | { readonly failed: string }): void => {
      over()
      if ('failed' in answer) reject(new Error(answer.failed))
      else resolve(answer)
    }
    const onExit = (): void => {
      over()
      reject(new Error('a process of the bench ended'))
    }
    child.on('message', onMessage)
    child.on('exit', onExit)
    child.send(question)
  })
}

/** The other end: does what it is asked, one after the other, and ends with who asks. */
export function obey<Question extends object, Answer extends object>(
  perform: (question: Question) => Promise<Answer>,
): void {
  process.on('message', (question: Question) => {
    perform(question).then(
      (answer) => process.send?.(answer),
      (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
    )
  })
  process.once('disconnect', () => process.exit())
}
