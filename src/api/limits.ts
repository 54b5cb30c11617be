import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { costOf } from '../../schema/cost.ts'
import type { Limits } from '../limits.ts'
import { createDocuments } from './documents.ts'
import type { Door } from './execution.ts'

/** What Yoga and the sockets put beside a Door: the operation as it was sent. */
interface Asked {
  readonly params?: { operationName?: string | null; variables?: unknown }
}

/**
 * The limits of documents and operations, on every door: too large a document is refused while it is parsed, too costly an
 * operation right behind validation, and nothing of either is executed. `usual`: where the door brings no limits along.
 */
export function useLimits(usual: Limits): Plugin {
  const documents = createDocuments()
  return {
    onParse({ context, setParseFn }) {
      const { limits } = context as Partial<Door>
      setParseFn((source: string) => documents.parse(String(source), limits ?? usual))
    },
    onValidate({ context, params: { schema, documentAST }, setResult }) {
      const { limits = usual, params = {} } = context as Partial<Door> & Asked
      if (documents.isGood(documentAST)) setResult([])
      return ({ valid, result, setResult: refuse }) => {
        if (!valid) for (const error of result as GraphQLError[]) error.extensions['code'] = 'BAD_USER_INPUT'
        else {
          documents.keep(documentAST)
          const fault = costFault(() => costOf(schema, documentAST, params), limits.cost)
          if (fault) refuse([fault])
        }
      }
    },
  }
}

function costFault(count: () => number, most: number): GraphQLError | null {
  try {
    const cost = count()
    return cost > most ? refusal(`The operation costs ${cost}, but at most ${most} is taken: ask for smaller pages or for fewer fields.`) : null // prettier-ignore
  } catch (error) {
    if (error instanceof GraphQLError) return refusal(error.message)
    throw error
  }
}

/** As Yoga answers what fails validation: 400, but 200 for who accepts plain JSON alone. */
function refusal(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } } })
}
