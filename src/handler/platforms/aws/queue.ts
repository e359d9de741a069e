import { LoadError, toLoadError } from '../../model/load-error.ts';
import type { Queue } from '../../queue/queue.ts';
import type { Answer } from '../../readers/answer.ts';
import { awsCredentials } from '../../readers/credentials/aws.ts';
import { defaultLimits } from '../../readers/limits.ts';
import { persist } from '../../readers/persist.ts';
import { signAws } from '../../readers/s3-sign.ts';
import { endpointProblem } from '../../readers/source.ts';
import { send } from '../../readers/transport.ts';
import { SettingsError, type Variables } from '../../settings.ts';

/**
 * Most bytes of a message, which SQS takes as text: a megabyte of base64. Queues that were made before August 2025 keep a
 * quarter of that until their MaximumMessageSize is raised, which a deploy does.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
const limit = (1024 * 1024 * 3) / 4;

/** A little longer than SQS may take: sending again what was taken makes a second message, which changes nothing. */
const limits = { ...defaultLimits, deadlineMs: 15_000 };

/**
 * The queue of an ARN, as the function's role; AWS_ENDPOINT_URL_SQS names another service. Throws SettingsError where either
 * is none.
 */
export function openQueue(arn: string, variables: Variables): Queue {
  const [, region = '', account, name] = /^arn:aws[a-z-]*:sqs:([a-z0-9-]+):(\d{12}):([\w-]{1,80})$/.exec(arn) ?? [];
  if (region === '') throw new SettingsError(['COLDGATE_QUEUE: expected the ARN of an SQS queue.']);
  const own = variables['AWS_ENDPOINT_URL_SQS'] || variables['AWS_ENDPOINT_URL'] || undefined;
  const problem = own && endpointProblem(own);
  if (problem) throw new SettingsError([`AWS_ENDPOINT_URL_SQS: ${problem}.`]);
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const origin = new URL(own ?? `https://sqs.${region}.${domain}`);
  const QueueUrl = `${origin.origin}/${account}/${name}`;
  const credentials = awsCredentials(variables);
  const ask = async (message: Uint8Array): Promise<Answer> => {
    const body = Buffer.from(JSON.stringify({ QueueUrl, MessageBody: Buffer.from(message).toString('base64') }));
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' };
    const signable = { method: 'POST', host: origin.host, path: '/', query: [], headers, body };
    const signed = signAws(signable, await credentials.get(), { region, service: 'sqs' }, new Date());
    return send({ method: 'POST', origin, path: '/', headers: signed, body });
  };
  return {
    limit,
    async send(message) {
      let answer: Answer;
      try {
        answer = await persist(() => ask(message), limits);
      } catch (error) {
        throw toLoadError(error, 'store-unavailable', `Sending to ${arn}`);
      }
      const text = await answer.text();
      if (answer.status !== 200) throw refused(arn, answer.status, text);
    },
  };
}

function refused(arn: string, status: number, text: string): LoadError {
  const code = /"__type"\s*:\s*"(?:[\w.]+#)?(\w{1,60})"/.exec(text)?.[1] ?? '';
  if (status === 403 || /AccessDenied/.test(code)) {
    return new LoadError('store-denied', `The function's role needs sqs:SendMessage on ${arn} (${status} ${code}).`);
  }
  return new LoadError('store-unavailable', `SQS answered ${status} ${code} to sqs:SendMessage on ${arn}.`);
}
