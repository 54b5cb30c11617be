import { getOperationAST, type ExecutionArgs } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Tracer } from '../tracing/tracer.ts'

/** A span for each query and mutation, whatever door it came through; the caller's traceparent is where it belongs. */
export function useTracing(tracer: Tracer): Plugin<{ request?: Request }> {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { document, operationName, contextValue } = args as ExecutionArgs & { contextValue: { request?: Request } }
      const operation = getOperationAST(document, operationName)
      const kind = operation?.operation ?? 'query'
      const options = {
        kind: 'SERVER',
        parent: contextValue.request?.headers?.get('traceparent') ?? null,
        attributes: { 'graphql.operation.type': kind, 'graphql.operation.name': operation?.name?.value },
      } as const
      setExecuteFn((given: ExecutionArgs) =>
        tracer.inSpan(kind, options, async (span) => {
          const result = await (executeFn as (args: ExecutionArgs) => Promise<{ errors?: readonly unknown[] }>)(given)
          if (result.errors) span.set({ 'graphql.errors': result.errors.length })
          return result
        }),
      )
    },
  }
}
