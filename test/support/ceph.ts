import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { accessTo, type ObjectStore } from './object-store.ts'
import { until } from './until.ts'

const run = promisify(execFile)
const PROGRAMS = ['ceph', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin', 'setpriv']
const [ID, SECRET, BUCKET] = ['the-tests', 'a-secret-key-of-the-tests', 'documents']

/** Whether Ceph is installed: scripts/outside.sh does that. */
export const HAS_CEPH = PROGRAMS.every((program) =>
  (process.env['PATH'] ?? '').split(delimiter).some((directory) => existsSync(join(directory, program))),
)

/** A Ceph of one's own, all in memory, with its S3 gateway: ready in some two seconds. */
export async function openCeph(): Promise<ObjectStore> {
  const directory = await mkdtemp(join(tmpdir(), 'broadsheet-ceph-'))
  await chmod(directory, 0o755)
  await Promise.all(['mon', 'osd'].map((name) => mkdir(join(directory, name))))
  const [v2, v1, gateway] = await freePorts()
  const address = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`
  const fsid = crypto.randomUUID()
  const conf = join(directory, 'ceph.conf')
  await writeFile(conf, settings({ directory, fsid, address, gateway: gateway! }))
  const tool = (program: string, ...args: string[]) => run(program, ['-c', conf, ...args], { timeout: 30_000 })
  const daemons: ChildProcess[] = []
  const daemon = (program: string, ...args: string[]) => {
    // None outlives a test run that was killed.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, '-c', conf, ...args, '-f'], { stdio: 'ignore' })
    daemons.push(child)
    return child
  }
  const close = async () => {
    await Promise.all(
      daemons.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }),
    )
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await run('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', address, join(directory, 'monmap')])
    await tool('ceph-mon', '--mkfs', '-i', 'a', '--monmap', join(directory, 'monmap'))
    daemon('ceph-mon', '-i', 'a')
    await tool('ceph', 'osd', 'create')
    await tool('ceph-osd', '-i', '0', '--mkfs')
    daemon('ceph-osd', '-i', '0')
    await tool('radosgw-admin', 'user', 'create', '--uid', 'tests', '--display-name', 'tests', '--access-key', ID, '--secret-key', SECRET) // prettier-ignore
    const rgw = daemon('radosgw', '-n', 'client.admin')
    const store = accessTo(`http://127.0.0.1:${gateway}`, ID, SECRET)
    await until(
      async () => {
        if (rgw.exitCode !== null)
          throw new Error(`radosgw has ended:\n${await readFile(join(directory, 'rgw.log'), 'utf8')}`)
        return (await fetch(store.access.endpoint!).catch(() => null))?.ok
      },
      { timeout: 30_000, what: 'Ceph answers' },
    )
    const client = new S3Client({
      endpoint: store.access.endpoint!,
      forcePathStyle: true,
      region: 'us-east-1',
      credentials: { accessKeyId: ID!, secretAccessKey: SECRET! },
    })
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
    client.destroy()
    return { ...store, bucket: BUCKET!, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function freePorts(): Promise<number[]> {
  const servers = await Promise.all(
    [1, 2, 3].map(async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/** One of everything, nothing on a disk, nobody asked for a key but by S3; decisions in the monitor without its usual second. */
function settings(at: { directory: string; fsid: string; address: string; gateway: number }): string {
  return `[global]
fsid = ${at.fsid}
mon host = ${at.address}
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd class load list = *
osd class default list = *
osd heartbeat grace = 60
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
paxos propose interval = 0.02
paxos min wait = 0.01
mon data = ${at.directory}/mon
osd data = ${at.directory}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
run dir = ${at.directory}
admin socket =
pid file =
log file = ${at.directory}/$type.log
rgw frontends = beast endpoint=127.0.0.1:${at.gateway}
rgw data = ${at.directory}/rgw
rgw num rados handles = 1
`
}
