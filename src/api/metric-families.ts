import type { Metric } from 'prom-client'
import { DURATION_CLASSES } from '../system/tally.ts'
import type { Figures } from '../system/system.ts'

interface Sample {
  value: number
  labels?: Readonly<Record<string, string | number>>
  /** Of a histogram's parts. */
  metricName?: string
}

interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  samples(figures: Figures): Sample[]
}

/** What Postgres knows of the whole installation: every API process says the same, so `max by` over them, never `sum`. */
const FAMILIES: readonly Family[] = [
  gauge(
    'broadsheet_queue_reports',
    'Reports by priority: waiting may start now, delayed wait out a pause, active are carried out.',
    ({ queues }) =>
      queues.flatMap(({ priority, ...counts }) =>
        (['waiting', 'delayed', 'active'] as const).map((state) => ({
          value: counts[state],
          labels: { priority, state },
        })),
      ),
  ),
  gauge(
    'broadsheet_queue_oldest_seconds',
    'How long the first waiting report of a priority could have started; 0 where none waits.',
    ({ queues }) =>
      queues.map(({ priority, oldestWaitingSeconds }) => ({ value: oldestWaitingSeconds ?? 0, labels: { priority } })),
  ),
  gauge(
    'broadsheet_stuck_reports',
    'Reports that nobody works on though somebody should: always 0 in a sound installation.',
    ({ stuck }) => [
      { value: stuck.held, labels: { reason: 'lease_over' } },
      { value: stuck.waiting, labels: { reason: 'not_claimed' } },
    ],
  ),
  gauge('broadsheet_workers', 'Workers seen within the last 30 s.', ({ workers }) => [{ value: workers }]),
  gauge('broadsheet_worker_slots', 'Reports that these workers carry out at a time, at most.', ({ slots }) => [
    { value: slots },
  ]),
  counter('broadsheet_attempts_total', 'Attempts that have ended, by outcome.', ({ tally }) =>
    labelled(tally, 'attempts', 'outcome'),
  ),
  counter(
    'broadsheet_failures_total',
    'Failures of attempts, and of reports that were never started, by code.',
    ({ tally }) => labelled(tally, 'failures', 'code'),
  ),
  counter(
    'broadsheet_schedule_slots_total',
    'Slots of schedules that have come, by outcome: MISSED and BLOCKED are for somebody to look at.',
    ({ tally }) => labelled(tally, 'slots', 'outcome'),
  ),
  gauge('broadsheet_deliveries_pending', 'Deliveries that have not ended, by channel.', ({ deliveries }) =>
    deliveries.map(({ channel, pending }) => ({ value: pending, labels: { channel } })),
  ),
  gauge(
    'broadsheet_delivery_oldest_seconds',
    'How long the first delivery that is due has waited for somebody to try it, by channel; 0 where none is due.',
    ({ deliveries }) =>
      deliveries.map(({ channel, lateSeconds }) => ({ value: lateSeconds ?? 0, labels: { channel } })),
  ),
  counter('broadsheet_deliveries_total', 'Deliveries that have ended, by channel and outcome.', ({ tally }) =>
    tally
      .filter(({ family }) => family === 'deliveries')
      .map(({ label, value }) => {
        const [channel = '', outcome = ''] = label.split(' ')
        return { value, labels: { channel, outcome } }
      }),
  ),
  counter('broadsheet_document_rows_total', 'Rows of all documents that were written.', ({ tally }) => [
    { value: total(tally, 'rows') },
  ]),
  counter('broadsheet_document_bytes_total', 'Bytes of all documents that were written.', ({ tally }) => [
    { value: total(tally, 'bytes') },
  ]),
  {
    name: 'broadsheet_attempt_seconds',
    help: 'How long attempts took, from the claim to the end, by outcome.',
    type: 'histogram',
    samples: durations,
  },
]

function gauge(name: string, help: string, samples: Family['samples']): Family {
  return { name, help, type: 'gauge', samples }
}

function counter(name: string, help: string, samples: Family['samples']): Family {
  return { name, help, type: 'counter', samples }
}

function labelled(tally: Figures['tally'], family: string, label: string): Sample[] {
  return tally
    .filter((each) => each.family === family)
    .map((each) => ({ value: each.value, labels: { [label]: each.label } }))
}

function total(tally: Figures['tally'], family: string): number {
  return tally.find((each) => each.family === family)?.value ?? 0
}

/** Prometheus wants each class to hold all that are below it. */
function durations({ tally }: Figures): Sample[] {
  const classes = new Map(tally.filter(({ family }) => family === 'seconds').map(({ label, value }) => [label, value]))
  return tally
    .filter(({ family }) => family === 'seconds_sum')
    .flatMap(({ label: outcome, value: sum }) => {
      let count = 0
      const buckets = [...DURATION_CLASSES, '+Inf'].map((le, index) => {
        count += classes.get(`${outcome} ${index}`) ?? 0
        return { metricName: 'broadsheet_attempt_seconds_bucket', value: count, labels: { le, outcome } }
      })
      return [
        ...buckets,
        { metricName: 'broadsheet_attempt_seconds_sum', value: sum, labels: { outcome } },
        { metricName: 'broadsheet_attempt_seconds_count', value: count, labels: { outcome } },
      ]
    })
}

/**
 * The families as prom-client keeps its own: it asks each for its samples when it is scraped. Its classes only count up from
 * zero, and these are totals that are known already. `figures` answers null while they can't be read: then there are none.
 */
export function familiesOf(figures: () => Promise<Figures | null>): Metric[] {
  const families = FAMILIES.map(({ name, help, type, samples }) => ({
    name,
    async get() {
      const known = await figures()
      return { name, help, type, aggregator: 'max', values: known ? samples(known) : [] }
    },
  }))
  const up = {
    name: 'broadsheet_figures_known',
    async get() {
      const help = '1 where the figures over the whole installation could be read from Postgres just now.'
      return {
        name: 'broadsheet_figures_known',
        help,
        type: 'gauge',
        aggregator: 'min',
        values: [{ value: (await figures()) ? 1 : 0, labels: {} }],
      }
    },
  }
  return [...families, up] as unknown as Metric[]
}
