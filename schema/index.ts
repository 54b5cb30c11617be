import type { GraphQLSchema } from 'graphql'
import type { Catalog } from '../src/report-type/catalog.ts'
import { builder } from './builder.ts'
import { defineRequestInput } from './request-input.ts'
import './scalars.ts'
import './user-error.ts'
import './report-enums.ts'
import './report-type.ts'
import './user.ts'
import './report.ts'
import './report-audit.ts'
import './delivery.ts'
import './report-verbs.ts'
import './document.ts'
import './progress.ts'
import './schedule.ts'
import './schedule-verbs.ts'
import './schedule-events.ts'
import './beforehand.ts'
import './system.ts'
import './upload.ts'

let built: { catalog: string; schema: GraphQLSchema } | undefined

/** The schema over the report types that this catalog offers. One catalog for each process: the builder is one. */
export function buildSchema(catalog: Pick<Catalog, 'all'>): GraphQLSchema {
  const described = catalog
    .all()
    .map(({ name, version }) => `${name} ${version}`)
    .join()
  if (built && built.catalog !== described)
    throw new Error('The schema is built once for each process: start another for another catalog.')
  if (!built) {
    defineRequestInput(catalog.all())
    built = { catalog: described, schema: builder.toSchema({ sortSchema: false }) }
  }
  return built.schema
}
