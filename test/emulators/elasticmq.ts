import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lacksPrograms, run } from './commands.ts';
import { startDetached, startOnFreePort } from './processes.ts';
import type { Server, ServerPart } from './server-part.ts';

const version = '1.7.1';

/** What names the versions of everything that it needs, so that these are pinned, too. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>coldgate</groupId><artifactId>test-bed</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.elasticmq</groupId><artifactId>elasticmq-server_2.13</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;
const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';

const settings = (port: number): string => `include classpath("application.conf")
node-address { protocol = http, host = "127.0.0.1", port = ${port}, context-path = "" }
rest-sqs { enabled = true, bind-hostname = "127.0.0.1", bind-port = ${port}, sqs-limits = strict }
rest-stats { enabled = false }
aws { region = eu-west-1, accountId = 123456789012 }
`;

function lacksJava(): string | undefined {
  const lacking = lacksPrograms('java', 'mvn');
  if (lacking) return lacking;
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const major = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  return major >= 17 ? undefined : 'java here is older than 17';
}

/** SQS of an author who is neither AWS nor us. */
export const elasticmq: ServerPart = {
  name: 'elasticmq',
  version,
  from: 'Maven',
  lacks: lacksJava,

  async install(folder) {
    writeFileSync(join(folder, 'pom.xml'), pom);
    await run('mvn', ['-q', '-B', copy, '-DoutputDirectory=lib'], { cwd: folder });
  },

  start: (folder, work) =>
    startOnFreePort((port) => {
      const log = join(work, 'log');
      const own = join(work, 'elasticmq.conf');
      writeFileSync(own, settings(port));
      const lean = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx160m'];
      const args = [...lean, '-cp', join(folder, 'lib', '*'), `-Dconfig.file=${own}`, 'org.elasticmq.server.Main'];
      return { process: startDetached('java', args, { cwd: work, log }), log };
    }),

  // It takes any credentials.
  env: (endpoint) => ({
    ...{ AWS_ENDPOINT_URL_SQS: endpoint, AWS_REGION: 'eu-west-1' },
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  }),
  probe,
};

/** One call by SQS's JSON protocol, by hand and not by the product's client. */
export async function askSqs(endpoint: string, action: string, input: Record<string, unknown>) {
  const reply = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` },
    body: JSON.stringify(input),
  });
  const text = await reply.text();
  return { status: reply.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}

async function probe({ endpoint }: Server): Promise<string[]> {
  const { status, body } = await askSqs(endpoint, 'CreateQueue', { QueueName: `probe-${process.pid}` });
  if (status !== 200) throw new Error(`it answered ${status} to the creation of a queue: ${JSON.stringify(body)}`);
  const { QueueUrl } = body;
  const accepts = async (action: string, input: Record<string, unknown>): Promise<boolean> =>
    (await askSqs(endpoint, action, { QueueUrl, ...input })).status === 200;
  const accepted: string[] = [];
  if (await accepts('SendMessage', { MessageBody: 'x'.repeat(1024 * 1024 + 1) }))
    accepted.push('a message of more than a megabyte');
  if (await accepts('SendMessage', { MessageBody: '\u0000' }))
    accepted.push('a message with a character that XML lacks');
  if (await accepts('DeleteMessage', { ReceiptHandle: 'none' })) accepted.push('a receipt handle that is none');
  if (!(await accepts('DeleteQueue', {}))) throw new Error('it does not delete a queue');
  return accepted;
}
