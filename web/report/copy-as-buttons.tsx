import type { WholeReportFragment } from '../generated/graphql.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { asCurl, asGraphql } from './copy-as.ts'

/** The same request, for another program. */
export function CopyAs({ report }: { report: WholeReportFragment }) {
  return (
    <section>
      <h2>Ask for it from elsewhere</h2>
      <p class="actions">
        <CopyButton text={() => asGraphql(report)}>Copy as GraphQL</CopyButton>
        <CopyButton text={() => asCurl(report, location.origin)}>Copy as curl</CopyButton>
      </p>
      <p class="help">
        The same request, for a GraphQL editor, or for a shell in which <code>BROADSHEET_TOKEN</code> is a token of
        yours.
        {report.deliveries.length > 0 && ' Its deliveries are not part of it: their secrets are never shown again.'}
      </p>
    </section>
  )
}
