import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import type { Project } from '../fixtures/project.ts';
import { addEnvironment, change, models, type Situation } from './situation.ts';

const secondModel = (project: Project) =>
  change(models(project), (text) => `${text}  other: { version: 1.0.0, files: { model.onnx: models/digits.onnx } }\n`);
const decide = (document: object) => (project: Project) =>
  writeFileSync(project.path('samples.json'), JSON.stringify(document));
const samples = (edit: (document: Record<string, unknown>) => object): Situation['follow'] => {
  return (project, _found, run) => {
    change(project.path('samples.json'), (text) => JSON.stringify(edit(JSON.parse(text))));
    return run;
  };
};
/** So many that they decide. */
const losses = { kind: 'numeric', live: Array(200).fill(0.5), candidate: Array(200).fill(0.5) };
const starts = [100, 101, 99, 100, 102, 98, 100];

const words: Situation[] = [
  {
    name: 'a flag with a letter too few',
    line: 'status --mode digits',
    hint: /Did you mean (--\w+)\?/,
    follow: (_project, [, flag = ''], run) => ({ ...run, line: run.line.replace('--mode', flag) }),
  },
  {
    name: 'an environment with a letter too few',
    line: 'status --environment loca',
    hint: /Did you mean (\w+)\?/,
    follow: (_project, [, name = ''], run) => ({ ...run, line: `status --environment ${name}` }),
  },
  {
    name: 'two environments, and none chosen',
    line: 'status',
    spoil: (project) =>
      change(models(project), (text) =>
        text
          .replace('  local:', '  one:')
          .replace('\nmodels:', '\n  two: { store: "file:two", target: { provider: local } }\nmodels:'),
      ),
    hint: /Name one with --environment\./,
    follow: (_project, _found, run) => ({ ...run, line: 'status --environment one' }),
  },
  {
    name: 'one version for two models',
    line: 'verify --version 1.1.0',
    spoil: secondModel,
    hint: /(--model \w+)\./,
    follow: (_project, [, flag], run) => ({ ...run, line: `${run.line} ${flag}` }),
  },
  {
    name: 'a pull request that nobody knows the commit of',
    line: 'preview --pull-request 7 --dry-run',
    hint: /name the commit with --sha\./,
    follow: (_project, _found, run) => ({ ...run, line: `${run.line} --sha abcdef0` }),
  },
  {
    name: 'an environment with the name of a preview',
    line: 'preview --pull-request 7 --sha abcdef0 --dry-run --environment pr-7',
    spoil: (project) => change(models(project), (text) => text.replace('  local:', '  pr-7:')),
    hint: /Rename the environment\./,
    follow: (project, _found, run) => {
      change(models(project), (text) => text.replace('  pr-7:', '  staging:'));
      return { ...run, line: run.line.replace('--environment pr-7', '--environment staging') };
    },
  },
  {
    name: 'no event',
    line: 'event',
    hint: /on the command line give --event NAME and --payload FILE\./,
    follow: (project, _found, run) => {
      writeFileSync(project.path('event.json'), '{}');
      return { ...run, line: 'event --event schedule --payload event.json' };
    },
  },
  {
    name: 'a payload that is not there',
    line: 'event',
    env: { GITHUB_EVENT_NAME: 'schedule', GITHUB_EVENT_PATH: 'gone.json' },
    hint: /It names the file with the payload of the event/,
    follow: (project, _found, run) => {
      writeFileSync(project.path('event.json'), '{}');
      return { ...run, env: { ...run.env, GITHUB_EVENT_PATH: 'event.json' } };
    },
  },
  {
    name: 'a promotion from another store into an environment that is not named',
    line: 'promote --from local --version 1.1.0 --gate skip',
    hint: /Name the environment to promote in with --environment\./,
    follow: (project, _found, run) => {
      addEnvironment(project, 'two: { store: "file:two", target: { provider: local } }');
      return { ...run, line: `${run.line} --environment two` };
    },
  },
];

const variables: Situation[] = [
  ...['COLDGATE_CHECK_SECONDS', 'COLDGATE_CHECK_MEMORY_MB'].map(
    (name): Situation => ({
      name: `${name} that is no number`,
      line: 'validate --local',
      env: { [name]: 'five' },
      hint: /Unset it for the default\./,
      follow: (_project, _found, run) => ({ ...run, env: {} }),
    }),
  ),
  {
    name: 'a cache that is a file',
    line: 'deploy --version 1.2.0',
    env: { COLDGATE_CACHE: '<folder>/models.yaml' },
    hint: /Set COLDGATE_CACHE to a folder/,
    follow: (project, _found, run) => ({
      ...run,
      line: `${run.line} --dry-run`,
      env: { COLDGATE_CACHE: project.path('c') },
    }),
  },
];

const measured: Situation[] = [
  {
    name: 'seconds in place of milliseconds',
    line: 'decide --samples samples.json',
    spoil: decide({ candidate: [0.1, 0.2, 0.15, 0.11, 0.12, 0.13, 0.14], baseline: null }),
    hint: /add "unit": "s" to the document/,
    follow: samples((document) => ({ ...document, unit: 's' })),
  },
  {
    name: 'microseconds in place of milliseconds',
    line: 'decide --samples samples.json',
    spoil: decide({ candidate: starts.map((ms) => ms * 1e5), baseline: null }),
    hint: /add "unit": "us" to the document/,
    follow: samples((document) => ({ ...document, unit: 'us' })),
  },
  {
    name: 'a metric with a letter too few',
    line: 'decide --samples samples.json',
    spoil: decide({ candidate: { model_loaded_m: starts }, baseline: null }),
    hint: /Did you mean (\w+)\?/,
    follow: (project, [, name = ''], run) => {
      writeFileSync(project.path('samples.json'), JSON.stringify({ candidate: { [name]: starts }, baseline: null }));
      return run;
    },
  },
  {
    name: 'a metric that is none',
    line: 'decide --samples samples.json',
    spoil: decide({ candidate: { throughput: starts }, baseline: null }),
    hint: /Known are (\w+)/,
    follow: (project, [, name = ''], run) => {
      writeFileSync(project.path('samples.json'), JSON.stringify({ candidate: { [name]: starts }, baseline: null }));
      return run;
    },
  },
  {
    name: 'lists of two lengths',
    line: 'decide --samples samples.json',
    spoil: decide({ candidate: { model_loaded_ms: starts, init_ms: [1] }, baseline: null }),
    hint: /Put null where a start did not report a metric\./,
    follow: (project, _found, run) => {
      const init_ms = [1, ...Array(starts.length - 1).fill(null)];
      writeFileSync(
        project.path('samples.json'),
        JSON.stringify({ candidate: { model_loaded_ms: starts, init_ms }, baseline: null }),
      );
      return run;
    },
  },
  {
    name: 'more starts than the rule looks at',
    line: 'decide --samples samples.json',
    spoil: decide({ candidate: Array(200).fill(100), baseline: Array(200).fill(100) }),
    hint: /Give the first ones in order of measurement, or "sequence": true\./,
    follow: samples((document) => ({ ...document, sequence: true })),
  },
  {
    name: 'an option with a letter too few',
    line: 'decide --samples samples.json',
    spoil: decide({ candidate: starts, baseline: starts, options: { toleranc: '5%' } }),
    hint: /Did you mean ([\w-]+)\?/,
    follow: samples((document) => ({ ...document, options: { tolerance: '5%' } })),
  },
  {
    name: 'an option that is none',
    line: 'decide --samples samples.json',
    spoil: decide({ candidate: starts, baseline: starts, options: { colour: 'red' } }),
    hint: /Known are ([\w-]+)/,
    follow: samples((document) => ({ ...document, options: {} })),
  },
  {
    name: 'no room between tolerance and limit',
    line: 'decide --samples samples.json',
    spoil: decide({ candidate: starts, baseline: starts, options: { tolerance: '25%', limit: '5%' } }),
    hint: /so there must be room\./,
    follow: samples((document) => ({ ...document, options: { tolerance: '5%', limit: '25%' } })),
  },
  {
    name: 'losses without a cap',
    line: 'decide --samples samples.json',
    spoil: decide({ quality: losses, options: {} }),
    hint: /A mean loss cannot be bounded without one/,
    follow: samples((document) => ({ ...document, options: { cap: 1 } })),
  },
  {
    name: 'an absolute margin of rmse',
    line: 'decide --samples samples.json',
    spoil: decide({ quality: losses, options: { metric: 'rmse', margin: 'absolute', cap: 1 } }),
    hint: /only a share of the live version's can be judged\./,
    follow: samples((document) => ({ ...document, options: { metric: 'rmse', margin: 'relative', cap: 1 } })),
  },
  {
    name: 'a report that is none',
    line: 'report models.yaml',
    hint: /the output of coldgate decide --json\./,
    spoil: decide({ candidate: starts, baseline: starts }),
    follow: async ({ folder }, _found, run) => {
      const { document } = await runInProcess(folder, ['decide', '--samples', 'samples.json']);
      writeFileSync(join(folder, 'decided.json'), JSON.stringify(document));
      return { ...run, line: 'report decided.json' };
    },
  },
];

/** What a person types, sets or measures. */
export const ofWords: readonly Situation[] = [...words, ...variables, ...measured];
