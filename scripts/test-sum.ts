import { readFile } from 'node:fs/promises'

/** Prints "N passed, N failed" (and ", N skipped") of vitest's JSON report; exit code 1 when something failed or nothing ran. */

interface Assertion {
  status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled'
}
interface Suite {
  status: 'passed' | 'failed'
  assertionResults: readonly Assertion[]
}
interface TestReport {
  success: boolean
  testResults: readonly Suite[]
}

const [file] = process.argv.slice(2)
if (file === undefined) throw new TypeError('Name the JSON report.')
const { success, testResults } = JSON.parse(await readFile(file, 'utf8')) as TestReport

const statuses = testResults.flatMap((suite) => suite.assertionResults.map(({ status }) => status))
const count = (...wanted: Assertion['status'][]) => statuses.filter((status) => wanted.includes(status)).length
/** A file that could not be loaded, or whose hooks failed, has no failed test of its own: it counts as one. */
const brokenFiles = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
)

const passed = count('passed')
const failed = count('failed') + brokenFiles.length
const skipped = statuses.length - passed - count('failed')
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
if (!success || failed > 0 || passed === 0) process.exitCode = 1
