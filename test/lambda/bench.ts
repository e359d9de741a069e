import { deflateRawSync } from 'node:zlib';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { writeZip } from '../../src/package/zip.ts';
import type { LambdaStandIn } from './stand-in.ts';

/** A zip that is a package as far as the service can tell. */
export function zipOf(text: string, name = 'lambda.mjs'): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.from(writeZip([{ name, bytes, deflated: deflateRawSync(bytes) }]));
}

/** The SDK's client of a stand-in; each answer as it came, without a second try. */
export const clientOf = (lambda: LambdaStandIn): LambdaClient =>
  new LambdaClient({
    region: 'eu-west-1',
    endpoint: lambda.url,
    maxAttempts: 1,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });

/** What a call is refused with, in short; `done` where it is not. */
export const outcomeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: { name: string; $metadata?: { httpStatusCode?: number } }) =>
      `${error.$metadata?.httpStatusCode ?? '-'} ${error.name}`,
  );
