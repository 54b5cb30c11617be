import type { Calendar } from './calendar.ts'
import type { Row } from './copy.ts'
import { createRandom } from './random.ts'
import type { Random } from './random.ts'
import {
  COMPANY_FORMS,
  COUNTRIES,
  COUNTRY_SHARES,
  CUSTOMER_NOTES,
  REGION_SHARES,
  REGIONS,
  USER_NOTES,
  USER_ROLE_SHARES,
  USER_ROLES,
} from './vocabulary.ts'
import type { Country, Region } from './vocabulary.ts'

/** What an order needs to know of its customer. */
export interface Customer {
  id: number
  region: Region
  currency: string
  /** The day of the account, negative before the shop's first day. */
  day: number
  business: boolean
  row: Row
}

/** All customers, by the day they came; four in ten were there before the shop's first day. */
export function createCustomers(seed: string, calendar: Calendar, count: number): Customer[] {
  const random = createRandom(`${seed} customers`)
  const earlier = Math.round(count * 0.4)
  return Array.from({ length: count }, (_, index) => {
    const id = index + 1
    const day =
      index < earlier
        ? Math.floor((index / earlier) * 365) - 365
        : Math.floor(((index - earlier) / (count - earlier)) * calendar.days)
    const region = REGIONS[random.weighted(REGION_SHARES)] ?? 'EU'
    const country = countryOf(region, random)
    const name = fullName(country, random)
    const business = random.chance(0.14)
    const company = business ? random.pick(COMPANY_FORMS).replace('%s', random.pick(country.family)) : null
    const note = random.chance(0.05) ? random.pick(CUSTOMER_NOTES) : null
    const row: Row = [
      id,
      name,
      company,
      `${slug(name)}.${id}@example.com`,
      region,
      country.code,
      random.pick(country.cities),
      country.currency,
      random.chance(0.4),
      calendar.instant(day, random.int(0, 86_399)),
      note,
    ]
    return { id, region, currency: country.currency, day, business, row }
  })
}

/** The people of the back office: some are gone, some have never signed in. */
export function* userRows(seed: string, calendar: Calendar, count: number): Generator<Row> {
  const random = createRandom(`${seed} users`)
  for (let id = 1; id <= count; id++) {
    const region = REGIONS[random.weighted(REGION_SHARES)] ?? 'EU'
    const name = fullName(countryOf(region, random), random)
    const userName = `${slug(name)}${id}`
    const day = random.int(-900, calendar.days - 2)
    const active = random.chance(0.88)
    const recent = active && random.chance(0.8)
    const lastDay = random.int(recent ? Math.max(day, calendar.days - 10) : day, calendar.days - 1)
    const seen = random.chance(0.95)
    const second = random.int(0, 43_199)
    yield [
      id,
      userName,
      name,
      `${userName}@shop.example`,
      USER_ROLES[random.weighted(USER_ROLE_SHARES)] ?? 'SALES',
      region,
      active,
      random.chance(0.7),
      random.chance(0.1) ? random.int(1, 9) : 0,
      calendar.instant(day, second),
      seen ? calendar.instant(lastDay, second + random.int(60, 43_000)) : null,
      random.chance(0.12) ? random.pick(USER_NOTES) : null,
    ]
  }
}

function countryOf(region: Region, random: Random): Country {
  return COUNTRIES[region][random.weighted(COUNTRY_SHARES[region])] as Country
}

function fullName(country: Country, random: Random): string {
  return country.code === 'JP'
    ? `${random.pick(country.family)} ${random.pick(country.given)}`
    : `${random.pick(country.given)} ${random.pick(country.family)}`
}

/** 'Jürgen Müller' -> 'jurgen.muller'; names of other scripts become 'customer'. */
function slug(name: string): string {
  const letters = name
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z ]/g, '')
    .trim()
  return letters === '' ? 'customer' : letters.replace(/ +/g, '.')
}
