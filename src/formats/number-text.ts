/** Shortest text of a double that reads back the same, as Postgres writes it: 1e+15, 1e-05, -0, NaN, Infinity. */
export function floatText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const size = Math.abs(value)
  if ((size >= 1e-4 && size < 1e15) || !Number.isFinite(value)) return String(value)
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}

/** All digits of a number, never an exponent: what a numeric or a bigint column writes. */
export function decimalText(value: number): string {
  const text = String(value)
  if (!text.includes('e')) return text
  const [digits = '', exponent = '0'] = text.split('e')
  const sign = digits.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = digits.replace('-', '').split('.')
  const shift = Number(exponent)
  if (shift < 0) return `${sign}0.${'0'.repeat(-shift - whole.length)}${whole}${fraction}`
  return sign + whole + fraction.padEnd(shift, '0')
}
