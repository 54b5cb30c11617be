import type { Catalog } from '../report-type/catalog.ts'
import { camelCase } from '../report-type/names.ts'
import type { ReportRequest } from './request.ts'

/** What a request asks for, the same whether by name or typed: the type, and its parameters with the type's own defaults. */
export function askedOf(
  report: ReportRequest['report'],
  catalog: Pick<Catalog, 'get' | 'byInputField'>,
): { type: unknown; parameters: unknown } {
  const { field, given, named, type } = chosen(report, catalog)
  const values = named ? (named.parameters ?? {}) : (given ?? {})
  const name = type?.name ?? named?.type ?? field
  if (typeof values !== 'object' || Array.isArray(values)) return { type: name, parameters: values }
  const defaults = (type?.parameters ?? []).flatMap(({ name: key, default: preset }) =>
    preset == null ? [] : [[camelCase(key), preset] as const],
  )
  const said = Object.entries(values).filter(([, value]) => value != null)
  return { type: name, parameters: Object.fromEntries([...defaults, ...said]) }
}

/** Whether its type reads files: those are looked at when it is asked for. */
export function takesUploads(report: ReportRequest['report'], catalog: Pick<Catalog, 'get' | 'byInputField'>): boolean {
  return chosen(report, catalog).type?.parameters.some(({ type }) => type === 'Upload') ?? false
}

function chosen(report: ReportRequest['report'], catalog: Pick<Catalog, 'get' | 'byInputField'>) {
  const [field, given] = Object.entries(report)[0] ?? ['', null]
  const named = field === 'byName' ? (given as { type: string; parameters?: unknown }) : null
  return { field, given, named, type: named ? catalog.get(named.type) : catalog.byInputField(field) }
}
