import plugin from '@graphql-eslint/eslint-plugin'

/**
 * Objects that are parts of others and have no life of their own: nothing could be asked for by their id. A report type is known by its
 * name, which report files and requests use; a slot by its schedule and its moment; the rest is what its owner says at the moment.
 */
const PARTS = [
  'ApiTokenLimits',
  'ReportAttempt',
  'ReportAuditEntry',
  'ReportDocument',
  'ReportEvent',
  'ReportFailure',
  'ReportProgress',
  'ReportType',
  'ReportTypeColumn',
  'ReportTypeParameter',
  'ScheduleEvent',
  'ScheduleSlot',
  'PageInfo',
  'Queue',
  'System',
  'SystemMinute',
  'UploadRequest',
  'UserError',
  'Viewer',
]

/** Below the directory that the linter is started in. */
const SCHEMA = 'schema/schema.graphql'

/** The rules for a schema of graphql-eslint, the Relay ones too, and where this schema means to be otherwise. */
export default [
  {
    files: [SCHEMA],
    languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema: SCHEMA } } },
    plugins: { '@graphql-eslint': plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...plugin.configs['flat/schema-recommended'].rules,
      ...plugin.configs['flat/schema-relay'].rules,
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
        },
      ],
      '@graphql-eslint/naming-convention': [
        'error',
        {
          ...plugin.configs['flat/schema-recommended'].rules['@graphql-eslint/naming-convention'][1],
          // A filter is named after what it is for, by everybody.
          InputObjectTypeDefinition: { style: 'PascalCase', requiredSuffixes: ['Input', 'Filter'] },
        },
      ],
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      '@graphql-eslint/require-nullable-fields-with-oneof': 'error',
      '@graphql-eslint/strict-id-in-types': [
        'error',
        { exceptions: { types: PARTS, suffixes: ['Payload', 'Edge', 'Connection'] } },
      ],
      // Lists that can't grow are plain, and a connection has its nodes beside its edges. Slots and entries of the audit, which have
      // connections too, are no nodes: see PARTS.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      // What happened is read from its one end: `events` and `slots` have first and after alone.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
    },
  },
]
