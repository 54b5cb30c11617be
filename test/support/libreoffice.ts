import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Debian's package libreoffice-calc-nogui; where it is not there, other readers are shown the same workbooks. */
export const HAS_LIBREOFFICE = spawnSync('soffice', ['--version']).error === undefined

/** As LibreOffice shows the first sheet: CSV in which text has quotes and nothing else has. */
const SHOWN = 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false'

/** What LibreOffice shows of a workbook. */
export async function shownByLibreOffice(workbook: Uint8Array): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-libreoffice-'))
  try {
    await writeFile(join(directory, 'it.xlsx'), workbook)
    const profile = `-env:UserInstallation=file://${directory}/profile`
    const target = ['--convert-to', SHOWN, '--outdir', directory, join(directory, 'it.xlsx')]
    await promisify(execFile)('soffice', [profile, '--headless', ...target], { timeout: 120_000 })
    return await readFile(join(directory, 'it.csv'), 'utf8')
  } finally {
    await rm(directory, { recursive: true })
  }
}
