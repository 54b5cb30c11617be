import { defineReport, ReportError } from 'broadsheet/define'

export default defineReport({
  title: 'Plan of a loan',
  description: 'What is paid back each month, and what is left.',
  parameters: {
    amount: { type: 'Decimal!', description: 'In major units' },
    months: { type: 'Int!', description: 'Until it is paid back' },
    rate: { type: 'Float', default: 0, description: 'Interest of a year, in percent' },
  },
  check: ({ months }) => (months < 1 || months > 600 ? { months: 'must be from 1 to 600.' } : undefined),
  phases: { reckoning: 20, writing: 80 },
  columns: {
    month: 'Int',
    payment: { type: 'Decimal', description: 'In major units' },
    interest: 'Decimal',
    left: 'Decimal',
  },
  fileName: 'loan-{amount}-{date}',

  async *rows({ parameters, phase, signal, summary }) {
    phase('reckoning')
    const { months } = parameters
    const cents = Math.round(Number(parameters.amount) * 100)
    if (!Number.isSafeInteger(cents))
      throw new ReportError('So much can not be reckoned in cents.', { code: 'INVALID_PARAMETERS' })
    const rate = parameters.rate / 1200
    const payment = Math.round(rate === 0 ? cents / months : (cents * rate) / (1 - (1 + rate) ** -months))

    phase('writing', months)
    let left = cents
    let paid = 0
    for (let month = 1; month <= months; month++) {
      signal.throwIfAborted()
      const interest = Math.round(left * rate)
      const due = month === months ? left + interest : payment
      left += interest - due
      paid += due
      yield { month, payment: money(due), interest: money(interest), left: money(left) }
    }
    summary({ paid: money(paid), interest: money(paid - cents) })
  },
})

const money = (cents: number) => (cents / 100).toFixed(2)
