import type { UploadedFile } from '../src/report-type/define.ts'
import { uploadedFile } from '../src/upload/file.ts'
import { uploadIdOf } from '../src/upload/named-by.ts'
import type { Opening } from './readings.ts'

/** What `upload` gives an author's code: the file of a parameter, null where none was given; of a list, its files. */
export function namedFiles({ type, order, store, signal }: Pick<Opening, 'type' | 'order' | 'store' | 'signal'>) {
  const fileOf = (id: unknown): UploadedFile =>
    // Where a report runs without a server, its files are named by their paths.
    uploadedFile((order.uploads[uploadIdOf(String(id))] ?? order.uploads[String(id)])!, store, signal)
  return (name: string): UploadedFile | UploadedFile[] | null => {
    const parameter = type.parameters.find((each) => each.name === name && each.type === 'Upload')
    if (!parameter) throw new TypeError(`upload("${name}"): the report has no parameter of this name of type Upload.`)
    const value = order.parameters[name] ?? null
    if (parameter.list) return (Array.isArray(value) ? value : []).map(fileOf)
    return value === null ? null : fileOf(value)
  }
}
