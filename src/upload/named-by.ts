import { partsOfId } from '../api-id.ts'
import type { Json } from '../report-type/define.ts'
import { camelCase } from '../report-type/names.ts'
import type { ReportType } from '../report-type/report-type.ts'
import type { NamedUpload } from './named.ts'

/** The uploads that a request's checked parameters (as asked, camelCase) name; `path` leads to them in the input. */
export function uploadsNamedBy(
  { parameters }: Pick<ReportType, 'parameters'>,
  asked: { readonly [name: string]: Json },
  path: readonly string[],
): NamedUpload[] {
  return parameters
    .filter(({ type }) => type === 'Upload')
    .flatMap((parameter) => {
      const name = camelCase(parameter.name)
      const value = asked[name] ?? null
      if (value === null) return []
      if (!Array.isArray(value)) return [{ id: uploadIdOf(String(value)), path: [...path, name] }]
      return value.map((each, index) => ({ id: uploadIdOf(String(each)), path: [...path, name, String(index)] }))
    })
}

/** The uuid in an upload's id; '' (which no row has) for anything else. */
export function uploadIdOf(text: string): string {
  const parts = partsOfId(text)
  return parts?.typename === 'Upload' ? parts.id.toLowerCase() : ''
}
