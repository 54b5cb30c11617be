import type { SchedulePlanFragment } from '../generated/graphql.ts'
import { Notice } from '../parts/notice.tsx'
import { sentence } from '../parts/status.tsx'
import { Age, Moment } from '../parts/time.tsx'
import { nameWords, valueWords } from '../report/words.ts'
import { cadenceWords } from './cadence-words.ts'
import { OVERLAPS, windowWords } from './words.ts'

/** What a schedule asks for, when, and by which rules. */
export function Facts({ schedule }: { schedule: SchedulePlanFragment }) {
  const { type, parameters, format, csvDialect, compression, priority, visibility, tags } = schedule
  const given = Object.entries((parameters ?? {}) as Record<string, unknown>)
  const document = [
    format,
    format === 'CSV' &&
      csvDialect !== 'POSTGRES' &&
      `as ${csvDialect === 'EXCEL' ? 'Excel reads it' : 'RFC 4180 has it'}`,
    compression !== 'NONE' && sentence(compression),
  ]
  return (
    <>
      {!type.available && (
        <Notice wrong>
          {type.title} can’t be asked for at present{type.unavailableReason ? `: ${type.unavailableReason}` : '.'}
        </Notice>
      )}
      <dl class="facts">
        <dt>When</dt>
        <dd>{cadenceWords(schedule)}</dd>
        <dt>Report type</dt>
        <dd>{type.title}</dd>
        {given.map(([name, value]) => [
          <dt key={name}>{nameWords(name)}</dt>,
          <dd key={`${name} value`}>{valueWords(value) ?? 'none'}</dd>,
        ])}
        <dt>While one still runs</dt>
        <dd>
          {OVERLAPS[schedule.overlapPolicy]?.words ?? schedule.overlapPolicy}
          <span class="help"> · {OVERLAPS[schedule.overlapPolicy]?.help}</span>
        </dd>
        <dt>After downtime</dt>
        <dd>{windowWords(schedule.catchUpWindow)}</dd>
        <dt>Document</dt>
        <dd>{document.filter(Boolean).join(', ')}</dd>
        <dt>Priority</dt>
        <dd>{sentence(priority)}</dd>
        <dt>Who may read it</dt>
        <dd>{visibility === 'PRIVATE' ? `Only ${schedule.createdBy.name}` : 'Everyone here'}</dd>
        {tags.length > 0 && [<dt key="tags">Tags</dt>, <dd key="tagged">{tags.join(', ')}</dd>]}
        <dt>Windows begin after</dt>
        <dd>
          <Moment at={schedule.lastSucceededSlot} />
          <span class="help"> · what last_slot means now</span>
        </dd>
        <dt>Made</dt>
        <dd>
          <Age at={schedule.createdAt} /> by {schedule.createdBy.name}, changed <Age at={schedule.updatedAt} />
        </dd>
      </dl>
    </>
  )
}
