import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { fromHttp } from '@aws-sdk/credential-provider-http'
import { fromIni } from '@aws-sdk/credential-provider-ini'
import { fromTokenFile } from '@aws-sdk/credential-provider-web-identity'
import { fromInstanceMetadata } from '@smithy/credential-provider-imds'
import type { AwsSettings } from '../config-aws.ts'

type Credentials = Exclude<S3ClientConfig['credentials'], undefined>
type Provider = Extract<Credentials, (...args: never[]) => unknown>

/**
 * Where the keys come from, in the order of AWS's own tools: the environment's, a profile, a web identity, a container's, the
 * machine's. By what the settings say and not by the process's environment, which children that carry out attempts have none of.
 */
export function credentialsOf(aws: AwsSettings): Credentials {
  if (aws.keys) {
    const { id, secret, sessionToken } = aws.keys
    return { accessKeyId: id, secretAccessKey: secret, ...(sessionToken === null ? {} : { sessionToken }) }
  }
  const region = aws.region === null ? {} : { clientConfig: { region: aws.region } }
  const fromFiles = fromIni({
    ...region,
    profile: aws.profile ?? 'default',
    ...(aws.credentialsFile === null ? {} : { filepath: aws.credentialsFile }),
    ...(aws.configFile === null ? {} : { configFilepath: aws.configFile }),
  })
  // One that was named is meant: another's keys in its place would be a surprise.
  if (aws.profile !== null) return fromFiles
  return firstOf([
    fromFiles,
    ...(aws.role === null
      ? []
      : [
          fromTokenFile({
            ...region,
            roleArn: aws.role.arn,
            webIdentityTokenFile: aws.role.tokenFile,
            ...(aws.role.sessionName === null ? {} : { roleSessionName: aws.role.sessionName }),
          }),
        ]),
    aws.container === null ? fromInstanceMetadata() : containerProvider(aws.container),
  ])
}

function containerProvider({ uri, path, token, tokenFile }: NonNullable<AwsSettings['container']>): Provider {
  return fromHttp({
    ...(uri === null ? {} : { awsContainerCredentialsFullUri: uri }),
    ...(path === null ? {} : { awsContainerCredentialsRelativeUri: path }),
    ...(token === null ? {} : { awsContainerAuthorizationToken: token }),
    ...(tokenFile === null ? {} : { awsContainerAuthorizationTokenFile: tokenFile }),
  })
}

/** The first that has any. One that has, and can't give them, is not passed over. */
function firstOf(providers: readonly Provider[]): Provider {
  return async (options) => {
    let last: unknown
    for (const provider of providers)
      try {
        return await provider(options)
      } catch (error) {
        if ((error as { tryNextLink?: boolean }).tryNextLink !== true) throw error
        last = error
      }
    throw last
  }
}
