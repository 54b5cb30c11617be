export function Schedules({ id }: { id: string | undefined }) {
  return <section class="view">{id}</section>
}
