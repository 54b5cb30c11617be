import type { Connection } from '../../../web/api/connection.ts'
import type { Failure } from '../../../web/api/failure.ts'
import { createStore } from '../../../web/api/store.ts'

interface Question {
  /** Of the operation. */
  readonly name: string
  readonly variables: Record<string, unknown>
  answer(result: unknown): void
  fail(failure: Failure): void
}
interface Followed {
  readonly name: string
  readonly variables: Record<string, unknown>
  hear(result: unknown): void
  refuse(failure: Failure): void
}

/** The page's way to the service, with the test at its other end: it answers what is asked, and tells what is followed. */
export function handMadeConnection() {
  const questions: Question[] = []
  const followed = new Set<Followed>()
  let asked = (_question: Question) => undefined as void
  const nameOf = (document: { definitions: readonly unknown[] }) =>
    (document.definitions as { kind: string; name?: { value: string } }[]).find(
      ({ kind }) => kind === 'OperationDefinition',
    )?.name?.value ?? ''

  const connection: Connection = {
    line: createStore('live'),
    ask: (document, variables) =>
      new Promise((resolve, reject) => {
        const question = {
          name: nameOf(document),
          variables,
          answer: (result: unknown) => {
            questions.splice(questions.indexOf(question), 1)
            resolve(result as never)
          },
          fail: (failure: Failure) => {
            questions.splice(questions.indexOf(question), 1)
            reject(failure)
          },
        }
        questions.push(question)
        asked(question)
      }),
    follow(document, variables, heard, failed) {
      const one: Followed = {
        name: nameOf(document),
        variables,
        hear: (result) => heard(result as never),
        refuse: (failure) => failed?.(failure),
      }
      followed.add(one)
      return () => void followed.delete(one)
    },
    close: () => undefined,
  }

  return {
    connection,
    /** Not answered yet, oldest first. */
    questions,
    /** Not left yet. */
    followed,
    onAsk: (heard: (question: Question) => void) => void (asked = heard),
    named: (name: string) => questions.filter((question) => question.name === name),
    hear(name: string, result: unknown): void {
      for (const one of followed) if (one.name === name) one.hear(result)
    },
  }
}
