import type { ComponentChildren } from 'preact'
import { addressOf, useAddress } from '../address.ts'
import type { WholeReportFragment } from '../generated/graphql.ts'
import { duration } from '../parts/figures.ts'
import { sentence } from '../parts/status.tsx'
import { Moment } from '../parts/time.tsx'
import { useMay } from '../session/viewer.tsx'

/** Who, when, how, and where it came from. */
export function Facts({ report }: { report: WholeReportFragment }) {
  const { search } = useAddress()
  const may = useMay()
  const { type, startedAt, finishedAt, schedule, scheduledFor, regeneratedFrom, tags } = report
  const took = startedAt && finishedAt ? (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000 : null
  const document = [
    report.format,
    report.compression !== 'NONE' && sentence(report.compression),
    report.format === 'CSV' && report.csvDialect !== 'POSTGRES' && `for ${sentence(report.csvDialect)}`,
  ]
  return (
    <section>
      <h2>About</h2>
      <dl class="facts">
        <Fact name="Type">
          {type.title} <code>{type.name}</code>
          {type.description !== null && <p class="help">{type.description}</p>}
        </Fact>
        <Fact name="Asked for by">{report.requestedBy.name}</Fact>
        <Fact name="Asked for">
          <Moment at={report.createdAt} />
        </Fact>
        {startedAt !== null && (
          <Fact name="Started">
            <Moment at={startedAt} />
          </Fact>
        )}
        {finishedAt !== null && (
          <Fact name="Ended">
            <Moment at={finishedAt} />
            {took !== null && took >= 0 && <span class="help"> after {duration(took)}</span>}
          </Fact>
        )}
        <Fact name="Format">{document.filter(Boolean).join(', ')}</Fact>
        <Fact name="Priority">{sentence(report.priority)}</Fact>
        <Fact name="Seen by">{report.visibility === 'TENANT' ? 'Everyone here' : 'Who asked, and administrators'}</Fact>
        {(schedule !== null || scheduledFor !== null) && (
          <Fact name="Schedule">
            {schedule && may.readSchedules ? (
              <a href={addressOf(['schedules', schedule.id])}>{schedule.title}</a>
            ) : (
              (schedule?.title ?? 'Asked for by a schedule')
            )}
            {scheduledFor !== null && (
              <>
                , for <Moment at={scheduledFor} />
              </>
            )}
          </Fact>
        )}
        {regeneratedFrom !== null && (
          <Fact name="Made again from">
            <a href={addressOf(['reports', regeneratedFrom.id], search)}>{regeneratedFrom.title}</a>
          </Fact>
        )}
        {tags.length > 0 && (
          <Fact name="Tags">
            {tags.map((tag) => (
              <a key={tag} class="tag" href={addressOf(['reports'], new URLSearchParams({ tag }))}>
                {tag}
              </a>
            ))}
          </Fact>
        )}
      </dl>
    </section>
  )
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}
