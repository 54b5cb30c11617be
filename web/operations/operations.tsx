export function Operations() {
  return <section class="view" />
}
