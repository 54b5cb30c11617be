/** One report: how it stands, what was asked, what came of it, and what can be done. */
export function ReportPage({ id, close }: { id: string; close: () => void }) {
  return (
    <article class="panel">
      <header>
        <h1>{id}</h1>
        <button type="button" class="plain" onClick={close}>
          Close
        </button>
      </header>
    </article>
  )
}
