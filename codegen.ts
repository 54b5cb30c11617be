import type { CodegenConfig } from '@graphql-codegen/cli'

/** Typed documents for clients of the API (tests, demo), from the printed schema. */
const config: CodegenConfig = {
  schema: 'schema/schema.graphql',
  documents: ['client/documents/*.graphql'],
  generates: {
    'client/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        scalars: {
          DateTime: 'string',
          Date: 'string',
          DateExpression: 'string',
          BigInt: { input: 'number | string', output: 'number' },
          Decimal: { input: 'number | string', output: 'string' },
          Duration: 'string',
          JSON: 'unknown',
          URL: 'string',
          TimeZone: 'string',
        },
      },
    },
  },
  importExtension: '.ts',
  emitLegacyCommonJSImports: false,
}
export default config
