import {
  GraphQLError,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql'
import { Forbidden } from '../errors.ts'
import type { Viewer } from '../identity/viewer.ts'

/** All that the holder of a watch token may ask for: what a page needs to show one report's progress and to hand out its document. */
const WHOLE_TYPES = ['ReportProgress', 'ReportDocument', 'ReportFailure', 'ReportTypeColumn']
const FIELDS = [
  'Subscription.reportProgress',
  'Query.report',
  ...[
    'id',
    'title',
    'status',
    'format',
    'compression',
    'attempt',
    'progress',
    'failure',
    'document',
    'queuePosition',
    'createdAt',
    'startedAt',
    'finishedAt',
    'expiresAt',
  ].map((field) => `Report.${field}`),
]

/** Refuses, to the holder of a watch token, each document with a field that is not on the list: what is new is refused until it is. */
export function createWatchWall() {
  // The pipeline's parser answers the same document for the same text.
  const known = new WeakMap<DocumentNode, string | null>()

  function firstBeyond(document: DocumentNode, schema: GraphQLSchema): string | null {
    const seen = known.get(document)
    if (seen !== undefined) return seen
    let beyond: string | null = null
    const types = new TypeInfo(schema)
    const look = {
      Field: ({ name }: { name: { value: string } }) => {
        const type = types.getParentType()?.name ?? ''
        const field = `${type}.${name.value}`
        if (name.value !== '__typename' && !WHOLE_TYPES.includes(type) && !FIELDS.includes(field)) beyond ??= field
      },
    }
    visit(document, visitWithTypeInfo(types, look))
    known.set(document, beyond)
    return beyond
  }

  return {
    /** The whole answer where the viewer's credential reaches less far than the document; else null. */
    refusal({ document, schema }: Pick<ExecutionArgs, 'document' | 'schema'>, viewer: Viewer): ExecutionResult | null {
      const beyond = viewer.watches ? firstBeyond(document, schema) : null
      if (beyond === null) return null
      const originalError = new Forbidden(`A watch token is for one report's progress and document: not for ${beyond}.`)
      return { errors: [new GraphQLError('', { originalError })] }
    },
  }
}
