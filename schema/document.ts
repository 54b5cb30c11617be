import { BadInput } from '../src/errors.ts'
import type { DocumentFacts, Report } from '../src/report/report.entity.ts'
import { PREVIEW_ROWS } from '../src/document/preview.ts'
import { builder } from './builder.ts'
import { ColumnRef } from './report-type.ts'

function factsOf(report: Report): DocumentFacts {
  return report.document as DocumentFacts
}

/** The document of a SUCCEEDED report; its parent is the report. */
export const DocumentRef = builder.objectRef<Report>('ReportDocument').implement({
  description: 'The finished bytes and their facts. Present means complete: a cut or partial file is never a document.',
  fields: (t) => ({
    fileName: t.string({ resolve: (report) => factsOf(report).fileName, description: 'As a download is saved.' }),
    contentType: t.string({ resolve: (report) => factsOf(report).contentType, description: 'Media type.' }),
    rowCount: t.field({
      type: 'BigInt',
      resolve: (report) => factsOf(report).rowCount,
      description: 'Rows, the header not counted.',
    }),
    byteSize: t.field({
      type: 'BigInt',
      resolve: (report) => factsOf(report).byteSize,
      description: 'Bytes, as downloaded.',
    }),
    sha256: t.string({ resolve: (report) => factsOf(report).sha256, description: 'SHA-256 of the bytes, hex.' }),
    columns: t.field({
      type: [ColumnRef],
      resolve: (report) => [...factsOf(report).columns],
      description: 'In the order of the cells.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      resolve: (report) => report.expiresAt as Date,
      description: 'When it is removed.',
    }),
    downloadUrl: t.field({
      type: 'URL',
      description: `Signed; needs no other credential; names its issuer, and ends with the issuer's right, at most at expiresAt. At most P7D.`,
      args: { expiresIn: t.arg({ type: 'Duration', defaultValue: 'PT15M', description: 'How long the link lives.' }) },
      resolve: (report, { expiresIn }, { links, viewer }) =>
        links.to(
          { reportId: report.id, attempt: report.attempt, expiresAt: report.expiresAt as Date },
          viewer,
          expiresIn ?? 'PT15M',
        ),
    }),
    preview: t.loadable({
      type: t.listRef(t.listRef('JSON', { nullable: true }), { nullable: false }) as never,
      complexity: ({ rows }) => rows ?? 20,
      description:
        'The first rows (at most 100, 64 KiB, kept while writing); each row in the order of columns, cells typed, decimals as strings.',
      args: { rows: t.arg.int({ defaultValue: 20, description: 'At most this many.' }) },
      load: async (wanted: WantedPreview[], { reports, reading }) => {
        const previews = await reports.previews(
          reading,
          wanted.map(({ id }) => id),
        )
        return previews.map((preview, index) => preview.slice(0, wanted[index]?.rows)) as never[]
      },
      resolve: (report, { rows }) => wantedPreview(report.id, rows ?? 20) as never,
    }),
    summary: t.field({
      type: 'JSON',
      nullable: true,
      resolve: (report) => factsOf(report).summary,
      description: 'Figures about the whole, where the type gives them.',
    }),
  }),
})

interface WantedPreview {
  id: string
  rows: number
}

function wantedPreview(id: string, rows: number): WantedPreview {
  if (rows < 0 || rows > PREVIEW_ROWS) throw new BadInput(`rows is ${rows}, but must be from 0 to ${PREVIEW_ROWS}.`)
  return { id, rows }
}
