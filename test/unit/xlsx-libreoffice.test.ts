import { expect, test } from 'vitest'
import { xlsx } from '../../src/formats/xlsx.ts'
import type { Column, Row } from '../../src/report-type/define.ts'
import { HAS_LIBREOFFICE, shownByLibreOffice } from '../support/libreoffice.ts'
import { oracles } from '../support/oracles.ts'
import { batchesOf, bytesOf, HOSTILE_TEXTS } from '../support/rows.ts'

async function opened(columns: readonly Column[], rows: readonly Row[]): Promise<string> {
  const options = { columns, csvDialect: 'POSTGRES', timeZone: 'Europe/Vilnius' } as const
  return shownByLibreOffice(await bytesOf(xlsx.encode(batchesOf([rows]).batches, options)))
}

test.skipIf(!HAS_LIBREOFFICE)(
  'LibreOffice opens a workbook: types, dates, digits, and every hostile text',
  async () => {
    const columns: Column[] = [
    { name: 'id', type: 'BigInt' }, { name: 'money', type: 'Decimal' }, { name: 'day', type: 'Date' }, { name: 'at', type: 'DateTime' },
    { name: 'flag', type: 'Boolean' }, { name: 'ratio', type: 'Float' }, { name: 'text', type: 'String' },
  ] // prettier-ignore
    const typed: Row[] = [
      ['123456789012345', '12.75', '2026-11-21', '2026-07-01T12:00:00Z', true, 0.25, 'plain'],
      ['9007199254740993', '0.12345678901234567890', '1850-01-01', '2026-12-01T12:00:00.5Z', false, 1e300, '=1+1'],
      [null, null, null, null, null, null, ''],
    ]
    const hostile = HOSTILE_TEXTS.map((text): Row => [1, null, null, null, null, null, text])
    const csv = await opened(columns, [...typed, ...hostile])
    expect(csv.split('\n').slice(0, 4)).toEqual([
      '"id","money","day","at","flag","ratio","text"',
      '123456789012345,12.75,2026-11-21,2026-07-01 15:00:00,TRUE,0.25,"plain"',
      '"9007199254740993","0.12345678901234567890","1850-01-01",2026-12-01 14:00:00.500,FALSE,1E+300,"=1+1"',
      ',,,,,,',
    ])
    const { csvParse } = await oracles()
    // It makes an LF of each line's end within a cell, as its own cells have it.
    const shown = (text: string) => text.replaceAll(/\r\n?/g, '\n')
    expect(csvParse(csv).slice(4).map((record) => shown(record[6]!))).toEqual(HOSTILE_TEXTS.map(shown)) // prettier-ignore
  },
  150_000,
)
