/** A report type, and a form made of its parameters. */
export function Ask({ id }: { id: string | undefined }) {
  return <section class="view">{id}</section>
}
