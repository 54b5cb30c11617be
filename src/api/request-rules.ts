import { GraphQLError, NoSchemaIntrospectionCustomRule, validate } from 'graphql'
import type { Plugin } from 'graphql-yoga'

/**
 * Takes JSON and nothing else by POST. Forms, plain text and multipart are what any page in a browser may send anywhere
 * without asking first, and so are requests that do not say what they send.
 */
export function useJsonAlone(): Plugin {
  return {
    onRequestParse({ request }) {
      if (request.method !== 'POST') return
      // As Yoga's own parser reads it, but for a list of types, of which Yoga takes the first.
      if (request.headers.get('content-type')?.split(';')[0] === 'application/json') return
      throw new GraphQLError('Send JSON, and say so: "Content-Type: application/json".', {
        extensions: { http: { status: 415 } },
      })
    },
  }
}

/** Leaves "Did you mean ...?" out of what the schema answers: with it, names can be found by guessing. */
export function useNoSuggestions(): Plugin {
  const quiet = ({ args }: { args: object }) => void Object.assign(args, { hideSuggestions: true })
  return {
    onValidate({ setValidationFn }) {
      setValidationFn(((schema, document, rules) =>
        validate(schema, document, rules, { hideSuggestions: true })) as typeof validate)
    },
    onExecute: quiet,
    onSubscribe: quiet,
  }
}

export function useNoIntrospection(): Plugin {
  return { onValidate: ({ addValidationRule }) => addValidationRule(NoSchemaIntrospectionCustomRule) }
}
