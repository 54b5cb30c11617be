import { describe, expect, it } from 'vitest'
import { cadenceWords, cronWords } from '../../../web/schedule/cadence-words.ts'

describe('a cadence in words', () => {
  it.each([
    ['0 9 * * 1', 'Mondays at 09:00'],
    ['0 9 * * MON', 'Mondays at 09:00'],
    ['30 9 * * MON-FRI', 'Monday to Friday at 09:30'],
    ['0 6 * * mon,thu', 'Mondays and Thursdays at 06:00'],
    ['0 6 * * 0', 'Sundays at 06:00'],
    ['0 6 * * 7', 'Sundays at 06:00'],
    ['0 6 * * 6,0', 'Saturdays and Sundays at 06:00'],
    ['0 6 * * FRI-SUN', 'Friday to Sunday at 06:00'],
    ['0 6 * * 1-7', 'Every day at 06:00'],
    ['0 0 * * *', 'Every day at 00:00'],
    ['0 9,17 * * *', 'Every day at 09:00 and 17:00'],
    ['0,30 9 * * 2', 'Tuesdays at 09:00 and 09:30'],
    ['0 * * * *', 'Every hour'],
    ['0 */1 * * *', 'Every hour'],
    ['15 * * * *', 'Every hour at :15'],
    ['* * * * *', 'Every minute'],
    ['*/15 * * * *', 'Every 15 minutes'],
    ['0,15,30,45 * * * *', 'Every 15 minutes'],
    ['*/10 9-17 * * MON-FRI', 'Every 10 minutes from 09:00 to 17:50, Monday to Friday'],
    ['5 9-17 * * *', 'Every hour from 09:05 to 17:05'],
    ['15,45 * * * *', 'Every hour at :15 and :45'],
    ['0 */2 * * *', 'Every 2 hours'],
    ['0 */5 * * *', 'Every day at 00:00, 05:00, 10:00, 15:00 and 20:00'],
    ['30 */6 * * *', 'Every day at 00:30, 06:30, 12:30 and 18:30'],
    ['0 0 1 * *', 'The 1st of each month at 00:00'],
    ['0 7 1,15 * *', 'The 1st and 15th of each month at 07:00'],
    ['0 7 2,3,11,22 * *', 'The 2nd, 3rd, 11th and 22nd of each month at 07:00'],
    ['0 7 L * *', 'The last day of each month at 07:00'],
    ['0 7 LW * *', 'The last weekday (Monday to Friday) of each month at 07:00'],
    ['0 7 15W * *', 'The weekday nearest the 15th of each month at 07:00'],
    ['0 7 * * FRIL', 'The last Friday of each month at 07:00'],
    ['0 7 * * 0L', 'The last Sunday of each month at 07:00'],
    ['0 7 * * FRI#2', 'The second Friday of each month at 07:00'],
    ['0 7 1 1 *', 'The 1st of January at 07:00'],
    ['0 7 1 JAN,APR,JUL,OCT *', 'The 1st of January, April, July and October at 07:00'],
    ['0 7 * DEC *', 'Every day in December at 07:00'],
    ['0 7 * 6-8 MON', 'Mondays in June, July and August at 07:00'],
    ['0 7 * 12 FRI#1', 'The first Friday of December at 07:00'],
    ['0 0 13 * FRI', 'The 13th of each month, and Fridays at 00:00'],
    ['0 * 1 * *', 'Every hour, the 1st of each month'],
  ])('%s: %s', (cron, words) => {
    expect(cronWords(cron)).toBe(words)
  })

  it.each([
    ['*/7 * * * *', 'Every 7 minutes, from the full hour'],
    ['7 1-23/3 * * *', 'At 7 minutes past the hour, every 3 hours, between 01:00 and 23:59'],
    ['0 9 */2 * *', 'At 09:00, every 2 days from the 1st of each month'],
    ['0 9 */2 * 1L', 'At 09:00, every 2 days from the 1st of each month, and the last Monday of each month'],
    ['*/7 9 LW * *', 'Every 7 minutes, between 09:00 and 09:59, on the last weekday of the month'],
    ['*/7 9 15W * *', 'Every 7 minutes, between 09:00 and 09:59, on the weekday nearest day 15 of the month'],
    ['*/7 9 * * 5L', 'Every 7 minutes, between 09:00 and 09:59, on the last Friday of the month'],
    ['*/7 9 * * FRI#2', 'Every 7 minutes, between 09:00 and 09:59, on the second Friday of the month'],
    ['*/5 */2 * * 7', 'Every 5 minutes, every 2 hours, on Sunday'],
    ['0 9 15W,L * *', '0 9 15W,L * *'],
  ])('what is rarely said is said by the library: %s: %s', (cron, words) => {
    expect(cronWords(cron)).toBe(words)
  })

  it.each(['', 'nonsense', '0 9 * *', '0 0 9 * * 1', '99 9 * * *', '0 9 * * 9', '0 9 * * FRI#9'])(
    'what is no cron stays as it was written, or at least breaks nothing: %s',
    (cron) => {
      expect(typeof cronWords(cron)).toBe('string')
    },
  )

  const none = { cron: null, every: null, at: null, timeZone: 'Europe/Vilnius' }
  it('names the zone where a clock is meant, and not for an interval', () => {
    expect(cadenceWords({ ...none, cron: '0 9 * * 1' })).toBe('Mondays at 09:00, Europe/Vilnius')
    expect(cadenceWords({ ...none, every: 'PT90M' })).toBe('Every 90 minutes')
    expect(cadenceWords({ ...none, every: 'PT1H' })).toBe('Every hour')
    expect(cadenceWords({ ...none, every: 'P1D' })).toBe('Every 24 hours')
    expect(cadenceWords({ ...none, every: 'P1DT12H' })).toBe('Every 1 day 12 hours')
    expect(cadenceWords({ ...none, at: '2027-01-31T07:00:00.000Z' })).toMatch(
      /^Once, .*2027.*0?9:00.*, Europe\/Vilnius$/,
    )
  })
})
