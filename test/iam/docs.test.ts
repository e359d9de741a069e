import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findVerb } from '../../src/catalog.ts';
import { iamVerbs } from '../../src/iam/needs.ts';
import { commandInputs, globalFlags, readArguments } from '../../src/terminal/argv.ts';

const root = join(import.meta.dirname, '..', '..');

/** Commands of a page: lines of its shell blocks, and what stands in backticks. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  const inBlocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.split('\n'));
  const inTicks = [...text.matchAll(/`(coldgate [^`]+)`/g)].map(([, command = '']) => command);
  return [...inBlocks, ...inTicks]
    .map((line) => line.replace(/\s*(?:#|>).*$/, '').trim())
    .filter((line) => line.startsWith('coldgate '));
}

const pages = [
  'docs/aws.md',
  'docs/azure.md',
  'docs/google.md',
  'docs/permissions.md',
  'examples/aws/README.md',
  'examples/azure/README.md',
  'examples/google/README.md',
];

describe.each(pages)('%s', (page) => {
  const commands = commandsOf(page);

  it('names commands', () => {
    expect(commands.length).toBeGreaterThan(1);
  });

  it.each(commands)('%s', (command) => {
    const [, name = '', ...args] = command.split(/\s+/);
    const verb = findVerb(name);
    expect([name, verb?.name]).toEqual([name, name]);
    const known = new Set([...commandInputs(verb!), ...globalFlags].map((input) => input.name));
    for (const given of Object.keys(readArguments(verb!, args))) expect([...known]).toContain(given);
  });

  it('names verbs of policies that there are', () => {
    const lists = commands.flatMap((command) => /--verbs (\S+)/.exec(command)?.[1]?.split(',') ?? []);
    for (const verb of lists) expect(iamVerbs as readonly string[]).toContain(verb);
  });
});

describe('the troubleshooting of docs/aws.md', () => {
  it.each([
    ['src/targets/aws-lambda/refusal.ts', ['no-credentials', 'permission-denied', 'quota-exceeded', 'throttled']],
    ['src/targets/aws-lambda/refusal.ts', ['function-busy', 'aws-refused', 'AWS rejects the credentials of this run']],
    ['src/targets/aws-lambda/refusal.ts', ['AWS throttles the calls of this run', 'AWS has no room left']],
    ['src/targets/aws-lambda/ready.ts', ['function-failed', 'aws-slow', 'Lambda could not get']],
    ['src/targets/aws-lambda/observe.ts', ['foreign-function']],
    ['src/package/budget.ts', ['package-too-large', 'The package is too large for']],
    ['src/targets/aws-lambda/sizes.ts', ['The package has', 'in a request.', 'there is no layer version']],
    ['src/targets/aws-lambda/sizes.ts', ['Package and layers are too large:', 'bytes unpacked and at least']],
    ['src/stores/s3/fault.ts', ['no-bucket', 'wrong-region', 'There is no bucket']],
    ['src/stores/s3/denial.ts', ['AWS did not give this job its role']],
    ['src/handler/readers/s3-refusal.ts', ["The function's role needs"]],
  ])('quotes %s as it is', (path, texts) => {
    const page = readFileSync(join(root, 'docs/aws.md'), 'utf8');
    const source = readFileSync(join(root, path), 'utf8');
    for (const text of texts) {
      expect(source).toContain(text);
      expect(page).toContain(text);
    }
  });
});

describe('the troubleshooting of docs/google.md', () => {
  it.each([
    ['src/google/credentials.ts', ['There are no Google Cloud credentials.', 'may not make ID tokens for itself,']],
    [
      'src/google/credentials.ts',
      ['These Google credentials are of no service account,', 'Google gave no credentials:'],
    ],
    ['src/targets/google-cloud-run/refusal.ts', ['Google does not allow', 'There is no such service account:']],
    [
      'src/targets/google-cloud-run/refusal.ts',
      ['is off in this project:', 'Google has no room left:', 'request-refused'],
    ],
    [
      'src/targets/google-cloud-run/refusal.ts',
      ['Cloud Run could not get', 'Someone else keeps changing the service:'],
    ],
    ['src/targets/google-cloud-run/observe.ts', ['foreign-function', 'that Coldgate has not made']],
    ['src/targets/google-cloud-run/package-object.ts', ['no-bucket', 'There is no bucket']],
    ['src/targets/google-cloud-run/gateway-refusal.ts', ['The API’s own service']],
  ])('quotes %s as it is', (path, texts) => {
    const page = readFileSync(join(root, 'docs/google.md'), 'utf8');
    const source = readFileSync(join(root, path), 'utf8');
    for (const text of texts) {
      expect(source).toContain(text);
      expect(page).toContain(text);
    }
  });
});

describe('the troubleshooting of docs/azure.md', () => {
  it.each([
    ['src/azure/credentials.ts', ['Azure gave no credentials:', 'no-credentials']],
    [
      'src/azure/refusal.ts',
      ['Azure rejects the credentials of this run:', 'Azure does not allow', 'Azure has no such place:'],
    ],
    [
      'src/azure/refusal.ts',
      ['The subscription has not registered', 'A policy of Azure forbids', 'Azure has no room left:'],
    ],
    ['src/azure/refusal.ts', ['This plan does not take a property of the site:', 'Azure rejects', 'azure-conflict']],
    ['src/azure/refusal.ts', ['The name is held by something that was deleted', 'Azure refuses a change of']],
    ['src/targets/azure-functions/facts.ts', ['There is no storage account', 'There is no identity', 'no-identity']],
    ['src/targets/azure-functions/push.ts', ['did not take its package']],
    ['src/targets/azure-functions/listed.ts', ['was published, and has no function']],
    ['src/targets/azure-functions/refusal.ts', ['function-changed', 'Someone else keeps changing']],
    ['src/handler/platforms/azure/start-failed.ts', ['start-failed']],
  ])('quotes %s as it is', (path, texts) => {
    const page = readFileSync(join(root, 'docs/azure.md'), 'utf8');
    const source = readFileSync(join(root, path), 'utf8');
    for (const text of texts) {
      expect(source).toContain(text);
      expect(page).toContain(text);
    }
  });
});
