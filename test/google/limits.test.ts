import { describe, expect, it } from 'vitest';
import { allTo } from './client.ts';
import { byLatest, byRevision, serviceIdFindings, specFindings } from './run/limits.ts';
import type { Container, ServiceSpec, Template } from './run/record.ts';

/** Rules between fields, lengths and forms, which no description of the API has. */
const template = (more: Template = {}, box: Container = {}): Template => ({
  ...more,
  containers: [{ image: 'europe-docker.pkg.dev/acme/models/digits@sha256:0a', ...box }],
});
const inSource = {
  image: 'scratch',
  baseImageUri: 'nodejs24',
  command: ['node'],
  sourceCode: { cloudStorageSource: { bucket: 'b', object: 'o' } },
};
const found = (spec: ServiceSpec, id = 'digits'): string[] =>
  specFindings(id, { template: template(), ...spec }).map(({ description }) => description);
const env = (name: string, value = ''): ServiceSpec => ({ template: template({}, { env: [{ name, value }] }) });
const sized = (cpu: string, memory: string, more: Template = {}): ServiceSpec => ({
  template: template(more, { resources: { limits: { cpu, memory }, cpuIdle: true } }),
});
const probe = (startupProbe: Container['startupProbe']): ServiceSpec => ({
  template: template({}, { ...(startupProbe && { startupProbe }) }),
});
const gen2 = { executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2' };
const tag = (name: string) => allTo('digits-a', { [name]: 'digits-a' }) as ServiceSpec['traffic'] & object;

describe('limits of services', () => {
  it.each(['digits', 'd', 'digits-2', 'a'.repeat(49)])('takes the name %s', (id) => {
    expect(serviceIdFindings(id)).toEqual([]);
  });
  it.each(['', 'Digits', '2digits', 'digits-', 'a'.repeat(50), 'a_b'])('refuses the name %j', (id) => {
    expect(serviceIdFindings(id)).toHaveLength(1);
  });

  const fine: [string, ServiceSpec][] = [
    ['nothing special', {}],
    ['a source on a base image', { template: template({}, inSource) }],
    ['a revision name of 63 characters', { template: template({ revision: `digits-${'a'.repeat(56)}` }) }],
    ['a tag that fills 46 characters', { traffic: tag('t'.repeat(40)) }],
    ['1 CPU with 4 GiB', sized('1', '4Gi')],
    ['8 CPUs with 32 GiB', sized('8', '32Gi')],
    ['2 CPUs in thousandths', sized('2000m', '2048Mi')],
    ['an hour', { template: template({ timeout: '3600s' }) }],
    ['a probe of 240 s', probe({ periodSeconds: 240, timeoutSeconds: 240, failureThreshold: 1 })],
    ['an annotation of ours', { annotations: { 'coldgate.dev/about': 'x' } }],
  ];
  it.each(fine)('takes %s', (_what, spec) => {
    expect(found(spec)).toEqual([]);
  });

  const refused: [string, ServiceSpec, RegExp][] = [
    [
      'a revision of another service',
      { template: template({ revision: 'other-a' }) },
      /must be prefixed by the service name/,
    ],
    [
      'a revision name of 64 characters',
      { template: template({ revision: `digits-${'a'.repeat(57)}` }) },
      /less than 64/,
    ],
    [
      'a tag that is too long',
      { traffic: tag('t'.repeat(41)) },
      /Combined traffic tag and service name cannot exceed 46/,
    ],
    ['a tag in capitals', { traffic: tag('Tag') }, /lowercase/],
    ['99 percent', { traffic: [{ type: byRevision, revision: 'digits-a', percent: 99 }] }, /add up to 99/],
    ['a target without a type', { traffic: [{ revision: 'digits-a', percent: 100 }] }, /needs a type/],
    ['the latest by name', { traffic: [{ type: byLatest, revision: 'digits-a', percent: 100 }] }, /names none/],
    ['PORT', env('PORT', '80'), /reserved env names were provided: PORT/],
    ['K_REVISION', env('K_REVISION'), /reserved env names/],
    ['a variable of more than 32 KiB', env('BIG', 'x'.repeat(32_769)), /32768/],
    ['an annotation of the platform', { annotations: { 'run.googleapis.com/x': '' } }, /namespace of the system/],
    [
      'one of Knative',
      { template: template({ annotations: { 'autoscaling.knative.dev/maxScale': '1' } }) },
      /namespace/,
    ],
    ['a label in capitals', { labels: { Team: 'x' } }, /no key of a label/],
    ['a label of 64 characters', { labels: { team: 'x'.repeat(64) } }, /no value of a label/],
    ['1 CPU with 8 GiB', sized('1', '8Gi'), /from 128Mi to 4096Mi/],
    ['4 CPUs with 1 GiB', sized('4', '1Gi'), /from 2048Mi/],
    ['3 CPUs', sized('3', '1Gi'), /Invalid value specified for cpu/],
    ['256 MiB in the second generation', sized('1', '256Mi', gen2), /512Mi/],
    ['more than an hour', { template: template({ timeout: '3601s' }) }, /at most 3600s/],
    ['a delay of 241 s', probe({ initialDelaySeconds: 241, periodSeconds: 1, failureThreshold: 1 }), /from 0 to 240/],
    ['probes of 480 s', probe({ periodSeconds: 240, timeoutSeconds: 1, failureThreshold: 2 }), /at most 240 seconds/],
    ['a source beside an image', { template: template({}, { ...inSource, image: 'a/b' }) }, /must be scratch/],
    [
      'scratch without a source',
      { template: template({}, { image: 'scratch' }) },
      /is required where the image is scratch/,
    ],
    ['a source without a command', { template: template({}, { ...inSource, command: [] }) }, /no command/],
    ['no container', { template: {} }, /exactly one container/],
    ['a minimum above the maximum', { scaling: { minInstanceCount: 3, maxInstanceCount: 2 } }, /at most the maximum/],
    ['a description of 513 characters', { description: 'x'.repeat(513) }, /512/],
  ];
  it.each(refused)('refuses %s', (_what, spec, words) => {
    expect(found(spec)).toEqual([expect.stringMatching(words)]);
  });
});
