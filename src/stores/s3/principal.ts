import { SignatureV4 } from '@smithy/signature-v4';
import { DeniedError } from '../store.ts';
import type { S3Context } from './context.ts';
import { unnamed } from './denial.ts';

/** Longest wait for a name, which an error can do without, ms. */
const timeoutMs = 5000;

/**
 * Runs what S3 may deny. S3 names the denied identity in some responses only; for the others AWS is asked for the
 * identity of the credentials, which needs no permission, so that the error names it.
 */
export async function named<T>(context: S3Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof DeniedError) || thrown.data?.['principal'] !== null) throw thrown;
    const principal = await principalOf(context);
    if (principal === undefined) throw thrown;
    const { store, key, hint, cause, data } = thrown;
    throw new DeniedError(thrown.message.replace(unnamed, principal), {
      ...{ store, key, hint, cause },
      data: { ...data, principal },
    });
  }
}

/** The ARN behind the credentials; undefined where a compatible server gave them, or AWS does not report it. */
async function principalOf({ retrying, region, identityEndpoint }: S3Context): Promise<string | undefined> {
  if (identityEndpoint === undefined) return undefined;
  const { hostname, port, protocol, host, origin } = new URL(identityEndpoint);
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const { credentials, sha256 } = retrying.config;
  const signer = new SignatureV4({ credentials, region, service: 'sts', sha256 });
  try {
    const { headers } = await signer.sign({
      ...{ method: 'POST', protocol, hostname, path: '/', body },
      ...(port === '' ? {} : { port: Number(port) }),
      headers: { host, 'content-type': 'application/x-www-form-urlencoded' },
    });
    const answer = await fetch(origin, { method: 'POST', headers, body, signal: AbortSignal.timeout(timeoutMs) });
    return /<Arn>(arn:[^<\s]+)<\/Arn>/.exec(await answer.text())?.[1];
  } catch {
    return undefined;
  }
}
