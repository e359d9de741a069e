import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { documents, runInProcess } from '../fakes/registry/forged-store.ts';
import { change, changeJson, inStore, models, type Situation, write } from './situation.ts';

const publishing: Situation[] = [
  {
    name: 'other files under a published version',
    line: 'publish',
    spoil: (project) => project.release({ version: '1.2.0', bias: 9 }),
    hint: /give these files a new version/,
    follow: (project, _found, run) => {
      change(models(project), (text) => text.replace('version: 1.2.0', 'version: 1.2.1'));
      return run;
    },
  },
  {
    name: 'what an unfinished publish has left',
    line: 'publish --version 1.3.0',
    spoil: (project) => write(inStore(project, documents['file of a version that is not published']!), '{}'),
    hint: /Give these files a new version/,
    follow: (_project, _found, run) => ({ ...run, line: 'publish --version 1.3.1' }),
  },
  {
    name: 'a published file that something else has written over',
    line: 'publish',
    spoil: (project) => write(inStore(project, documents['model of the next version']!), 'x'),
    hint: /Publish these files under a new version\./,
    follow: (_project, _found, run) => ({ ...run, line: 'publish --version 1.2.1' }),
  },
  {
    name: 'a manifest that is none',
    line: 'publish',
    spoil: (project) => write(inStore(project, documents['manifest of the next version']!), '{}'),
    hint: /Publish the model under a new version\./,
    follow: (_project, _found, run) => ({ ...run, line: 'publish --version 1.2.1' }),
  },
  {
    name: 'outputs in the sample that the model does not give',
    line: 'validate --local',
    spoil: (project) => changeJson(project.path('models', 'sample.json'), { outputs: { y: [[0, 0]] } }),
    hint: /the outputs in the sample, or the model\./,
    follow: (project, _found, run) => {
      change(project.path('models', 'sample.json'), (text) => JSON.stringify({ inputs: JSON.parse(text).inputs }));
      return run;
    },
  },
  {
    name: 'a sample above the limit of requests',
    line: 'validate --local',
    spoil: (project) => {
      change(models(project), (text) => text.replace('refresh-seconds: 1', 'max-payload-kb: 1'));
      const rows = Array.from({ length: 400 }, () => [1, 2]);
      writeFileSync(project.path('models', 'sample.json'), JSON.stringify({ inputs: { x: rows } }));
    },
    hint: /Set it to (\d+)/,
    follow: (project, [, size], run) => {
      change(models(project), (text) => text.replace('max-payload-kb: 1', `max-payload-kb: ${size}`));
      return run;
    },
  },
  {
    name: 'an empty file beside the model',
    line: 'validate --local',
    spoil: (project) => {
      writeFileSync(project.path('labels.json'), '');
      change(models(project), (text) =>
        text.replace('models/digits.onnx }', 'models/digits.onnx, labels.json: labels.json }'),
      );
    },
    hint: /Restore its content, or take it out of `files:`\./,
    follow: (project, _found, run) => {
      change(models(project), (text) => text.replace(', labels.json: labels.json', ''));
      return run;
    },
  },
  {
    name: 'a model folder of the store that is a link',
    line: 'status',
    spoil: (project) => {
      renameSync(inStore(project, 'digits'), project.path('moved'));
      symlinkSync(project.path('moved'), inStore(project, 'digits'));
    },
    hint: /Replace the link by a copy of what it points to/,
    follow: (project, _found, run) => {
      rmSync(inStore(project, 'digits'));
      renameSync(project.path('moved'), inStore(project, 'digits'));
      return run;
    },
  },
];

const placeholders: Situation[] = (
  [
    ['DVC', 'outs:\n- md5: 0123456789abcdef0123456789abcdef\n  size: 5\n  path: model.onnx\n', /Run `dvc pull`/],
    ['git-annex', '/annex/objects/xx/yy/SHA256E-s5--aa.onnx/SHA256E-s5--aa.onnx\n', /Run `git annex get` on it/],
    ['a merge', '<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> other\n', /Resolve the merge: choose one side/],
  ] as const
).map(([what, content, hint]) => ({
  name: `what ${what} leaves in place of a model`,
  line: 'validate --local',
  spoil: (project) => {
    renameSync(project.path('models', 'digits.onnx'), project.path('itself'));
    writeFileSync(project.path('models', 'digits.onnx'), content);
  },
  hint,
  follow: (project, _found, run) => {
    renameSync(project.path('itself'), project.path('models', 'digits.onnx'));
    return run;
  },
}));

const lambda = 'provider: aws-lambda, region: eu-west-1, role: "arn:aws:iam::123456789012:role/r"';

const lfs = 'version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 5\n';
const given = ['decide --samples', 'report'].map(
  (line): Situation => ({
    name: `a pointer of Git LFS that is given to ${line}`,
    line: `${line} given.json`,
    spoil: (project) => writeFileSync(project.path('given.json'), lfs),
    hint: /Run `git lfs pull`/,
    follow: async (project, _found, run) => {
      writeFileSync(project.path('given.json'), '{"candidate":[100,101,99,100,102,98,100],"baseline":null}');
      if (line !== 'report') return run;
      const { document } = await runInProcess(project.folder, ['decide', '--samples', 'given.json']);
      writeFileSync(project.path('given.json'), JSON.stringify(document));
      return run;
    },
  }),
);

/** models.yaml with one thing wrong in it: what is written in place of what, the hint, and what it makes of that. */
const written: [name: string, from: string, to: string, hint: RegExp, cure: string, env?: Record<string, string>][] = [
  [
    'a field that nothing is like',
    '    optimize:',
    '    colour: red\n    optimize:',
    /Known here: \w+/,
    '    optimize:',
  ],
  [
    'an expression of GitHub',
    '"file:store"',
    '"file:${{ env.STORE }}"',
    /Pass the value with env:/,
    '"file:${STORE}"',
    { STORE: 'store' },
  ],
  ['a variable that is not set', '"file:store"', '"file:${STORE}"', /or write the value here/, '"file:store"'],
  [
    'a brace that is not closed',
    '"file:store"',
    '"file:${store"',
    /Write \$\$\{ for a literal \$\{/,
    '"file:$${store"',
  ],
  ['a value that begins with @', '"file:store"', '@store', /in quotes\./, '"file:@store"'],
  [
    'a store of no folder',
    '"file:store"',
    '"file: "',
    /For instance file:\.coldgate\/store\./,
    '"file:.coldgate/store"',
  ],
  [
    'text where a number is read',
    'provider: local',
    'provider: local, port: "${N}"',
    /write the value here\./,
    'provider: local, port: 18099',
    { N: '18099' },
  ],
  [
    'a number where text is read',
    'provider: local',
    `${lambda}, tags: { team: 5 }`,
    /Put it in quotes\./,
    `${lambda}, tags: { team: "5" }`,
  ],
];

const configured = written.map(
  ([name, from, to, hint, cure, env]): Situation => ({
    name: `${name} in models.yaml`,
    line: 'validate --skip-run',
    ...(env && { env }),
    spoil: (project) => change(models(project), (text) => text.replace(from, () => to)),
    hint,
    follow: (project, _found, run) => {
      change(models(project), (text) => text.replace(to, () => cure));
      return run;
    },
  }),
);

/** Files that models.yaml names, and that tools keep elsewhere. */
const keptElsewhere: Situation[] = [
  {
    name: 'a file that DVC keeps',
    line: 'validate --skip-run',
    spoil: (project) => {
      renameSync(project.path('models', 'digits.onnx'), project.path('itself'));
      writeFileSync(project.path('models', 'digits.onnx.dvc'), 'outs:\n- path: digits.onnx\n');
    },
    hint: /DVC keeps it: run `dvc pull \S+\.dvc` in its folder\./,
    follow: (project, _found, run) => {
      renameSync(project.path('itself'), project.path('models', 'digits.onnx'));
      return run;
    },
  },
  {
    name: 'a file that git-annex keeps',
    line: 'validate --skip-run',
    spoil: (project) => {
      renameSync(project.path('models', 'digits.onnx'), project.path('itself'));
      symlinkSync('../.git/annex/objects/x/y/SHA256E-s5--a.onnx', project.path('models', 'digits.onnx'));
    },
    hint: /git-annex keeps it: run `git annex get \S+`\./,
    follow: (project, _found, run) => {
      rmSync(project.path('models', 'digits.onnx'));
      renameSync(project.path('itself'), project.path('models', 'digits.onnx'));
      return run;
    },
  },
  {
    name: 'a named pipe in place of a file',
    line: 'validate --skip-run',
    spoil: (project) => {
      rmSync(project.path('models', 'sample.json'));
      execFileSync('mkfifo', [project.path('models', 'sample.json')]);
    },
    hint: /Put a regular file in its place\./,
    follow: (project, _found, run) => {
      rmSync(project.path('models', 'sample.json'));
      writeFileSync(project.path('models', 'sample.json'), JSON.stringify({ inputs: { x: [[1, 2]] } }));
      return run;
    },
  },
  {
    name: 'two lists of the models of one function',
    line: 'validate --skip-run',
    spoil: (project) =>
      change(models(project), (text) =>
        `${text}  other:\n    version: 1.0.0\n    files: { model.onnx: models/digits.onnx }\n    handler: { models: [other, digits] }\n`.replace(
          'refresh-seconds: 1',
          'refresh-seconds: 1, models: [digits]',
        ),
      ),
    hint: /Write the same list in both, or in one of them only\./,
    follow: (project, _found, run) => {
      change(models(project), (text) => text.replace(', models: [digits]', ''));
      return run;
    },
  },
];

/** What the repository holds: models.yaml, models, samples. */
export const ofSources: readonly Situation[] = [
  ...publishing,
  ...placeholders,
  ...given,
  ...configured,
  ...keptElsewhere,
];
