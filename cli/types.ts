import { WhatCanBeAskedForDocument } from '../client/generated/graphql.ts'
import { EXIT, type Exit } from './outcome.ts'
import type { Session } from './session.ts'

/** `types`: what can be asked for, with the flags of `run`. */
export async function types({ client, signal, json, print, printJson }: Session): Promise<Exit> {
  const { reportTypes } = await client.api.ask(WhatCanBeAskedForDocument, {}, signal)
  if (json) {
    printJson(reportTypes)
    return EXIT.DONE
  }
  for (const { name, title, available, unavailableReason, parameters } of reportTypes) {
    print(`${name}  ${title}${available ? '' : `  (not now: ${unavailableReason})`}`)
    for (const parameter of parameters) {
      const flag = `--${parameter.name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
      const values = parameter.values ? `: ${parameter.values.join(', ')}` : ''
      print(
        `    ${flag} ${parameter.type}${values}${parameter.default == null ? '' : ` = ${JSON.stringify(parameter.default)}`}`,
      )
    }
  }
  return EXIT.DONE
}
