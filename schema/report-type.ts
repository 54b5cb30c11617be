import { camelCase } from '../src/report-type/names.ts'
import type { Column, Parameter } from '../src/report-type/define.ts'
import type { ReportType } from '../src/report-type/report-type.ts'
import { REPORT_FORMATS } from '../src/formats/index.ts'
import { mayRequest, maySeeType } from '../src/identity/policy.ts'
import { builder } from './builder.ts'
import { parameterTypeName } from './request-input.ts'
import { ReportFormatRef } from './report-enums.ts'

export const ColumnRef = builder.objectRef<Column>('ReportTypeColumn').implement({
  description: 'A column of a document.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'As in the header.' }),
    type: t.exposeString('type', {
      description:
        'String, Int, BigInt, Float, Decimal, Boolean, Date, DateTime, LocalDateTime, Time, ID, JSON, List or Bytes.',
    }),
    description: t.string({
      nullable: true,
      resolve: (column) => column.description ?? null,
      description: `In the author's words.`,
    }),
  }),
})

const ParameterRef = builder.objectRef<{ type: ReportType; parameter: Parameter }>('ReportTypeParameter').implement({
  description: 'What a request for the type may or must say.',
  fields: (t) => ({
    name: t.string({
      resolve: ({ parameter }) => camelCase(parameter.name),
      description: 'camelCase, as in the input.',
    }),
    type: t.string({
      resolve: ({ type, parameter }) => parameterTypeName(type, parameter),
      description: 'As written in an input: DateExpression!, Int, [String!].',
    }),
    required: t.boolean({
      resolve: ({ parameter }) => parameter.required,
      description: 'Whether a request must give it.',
    }),
    upload: t.boolean({
      resolve: ({ parameter }) => parameter.type === 'Upload',
      description: 'Whether its value is the id of an upload: see createUpload.',
    }),
    default: t.field({
      type: 'JSON',
      nullable: true,
      resolve: ({ parameter }) => parameter.default ?? null,
      description: 'What is used where it is left out.',
    }),
    description: t.string({
      nullable: true,
      resolve: ({ parameter }) => parameter.description ?? null,
      description: `In the author's words.`,
    }),
    values: t.stringList({
      nullable: true,
      resolve: ({ parameter }) => (parameter.values ? [...parameter.values] : null),
      description: 'Allowed values, where the parameter is an enum.',
    }),
  }),
})

export const ReportTypeRef = builder.objectRef<ReportType>('ReportType').implement({
  description: 'A recipe in reports/: its parameters, columns and limits.',
  fields: (t) => ({
    name: t.exposeString('name', { description: `The file's name: stable, snake_case; what a request names.` }),
    title: t.exposeString('title', { description: 'What a person calls it.' }),
    description: t.exposeString('description', { nullable: true, description: `In the author's words.` }),
    parameters: t.field({
      type: [ParameterRef],
      resolve: (type) => type.parameters.map((parameter) => ({ type, parameter })),
      description: 'What a request for it may or must say.',
    }),
    columns: t.field({
      type: [ColumnRef],
      resolve: (type) => [...type.columns],
      description: 'Empty when the columns are only known at run time.',
    }),
    formats: t.field({
      type: [ReportFormatRef],
      resolve: () => [...REPORT_FORMATS],
      description: 'What its documents can be written as.',
    }),
    inputField: t.exposeString('inputField', {
      description: 'The field of ReportRequestInput that asks for it: camelCase of name.',
    }),
    available: t.boolean({
      resolve: (type) => type.unavailableReason === null,
      description: 'False while its file, source or table is absent: readable, not askable, with the reason.',
    }),
    unavailableReason: t.exposeString('unavailableReason', { nullable: true, description: 'Why it is not available.' }),
    viewerCanRequest: t.boolean({
      resolve: (type, _, { viewer }) => mayRequest(viewer, type),
      description: 'Whether the viewer may ask for it.',
    }),
    deprecated: t.exposeString('deprecated', {
      nullable: true,
      description: 'Why not to use it any more, and what instead.',
    }),
    retention: t.field({
      type: 'Duration',
      resolve: (type) => type.retention,
      description: 'How long its documents are kept.',
    }),
    timeout: t.field({
      type: 'Duration',
      resolve: (type) => type.timeout,
      description: 'Longest time one attempt may take.',
    }),
    maxRows: t.field({
      type: 'BigInt',
      nullable: true,
      resolve: (type) => type.maxRows,
      description:
        'Most rows that a document may hold; more is a failure (ROW_LIMIT), never a silent cut. Null: no limit.',
    }),
  }),
})

builder.queryFields((t) => ({
  reportTypes: t.field({
    type: [ReportTypeRef],
    description: 'Those that the viewer may ask for; an ADMIN sees all.',
    resolve: (_, __, { catalog, viewer }) => catalog.all().filter((type) => maySeeType(viewer, type)),
  }),
  reportType: t.field({
    type: ReportTypeRef,
    nullable: true,
    description: 'One type by the name of its file; null where there is none that the viewer may see.',
    args: { name: t.arg.string({ required: true, description: `The file's name.` }) },
    resolve: (_, { name }, { catalog, viewer }) => {
      const type = catalog.get(name)
      return type && maySeeType(viewer, type) ? type : null
    },
  }),
}))
