import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Provider } from '../../src/config/types.ts';
import { modelNameOf, nameModels } from '../../src/steps/init/find-models.ts';
import { scalar } from '../../src/steps/init/models-yaml.ts';
import { choosePlace } from '../../src/steps/init/places.ts';
import { workflowText } from '../../src/steps/init/workflow.ts';
import { asker } from '../../src/terminal/ask.ts';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { tinyModel, zipMapModel } from '../fixtures/onnx.ts';

const examples = join(import.meta.dirname, '..', '..', 'examples');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-init-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
};
const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
const coldgate = (line: string) => runInProcess(folder, line.split(' '));

const aws = '--provider aws-lambda --store s3://acme-models/models --region eu-west-1';
const role = 'arn:aws:iam::123456789012:role/digits';

describe('coldgate init', () => {
  it('writes what validate and ship take, and a second run changes nothing', async () => {
    write('models/digits.onnx', tinyModel());
    write('sentiment/onnx/model.onnx', zipMapModel());
    write('node_modules/other/left.onnx', tinyModel());
    const first = await coldgate('init --yes');
    expect(first).toMatchObject({
      exit: 0,
      document: {
        models: ['digits', 'sentiment'],
        written: [
          ...['models.yaml', '.github/workflows/models.yml', '.gitignore'],
          ...['models/digits-sample.json', 'sentiment/onnx/model-sample.json'],
        ],
        kept: [],
      },
    });
    expect(await coldgate('validate --local')).toMatchObject({ exit: 0, message: '' });
    expect(await coldgate('publish --environment staging')).toMatchObject({ exit: 0, message: '' });
    const texts = () => ['models.yaml', '.github/workflows/models.yml', '.gitignore'].map(read);
    const before = texts();
    expect(await coldgate('init --yes')).toMatchObject({ exit: 0, document: { written: [] } });
    expect(texts()).toEqual(before);
    expect(readdirSync(folder).filter((name) => name.includes('.new'))).toEqual([]);
  });

  it.each<[Provider, string, string[], string]>([
    ['local', 'local', [], ''],
    ['aws-lambda', 'aws', ['LAMBDA_ROLE'], 'eu-west-1'],
    ['google-cloud-run', 'google', [], ''],
    ['azure-functions', 'azure', [], ''],
  ])('writes for %s the workflow of the example', (provider, example, variables, region) => {
    const text = readFileSync(join(examples, example, '.github/workflows/models.yml'), 'utf8');
    const action = /coldgate\/coldgate@.*/.exec(text)![0];
    expect(workflowText({ provider, models: ['digits'], region, variables, lfs: false, action })).toBe(text);
  });

  it.each([
    [`${aws} --execution-role ${role}`],
    [
      '--provider google-cloud-run --store gs://acme-models/models --project acme-models --region europe-west1 --service-account digits@acme-models.iam.gserviceaccount.com',
    ],
    [
      '--provider azure-functions --store azure://acmemodels/models/registry --subscription 11111111-2222-3333-4444-555555555555 --resource-group acme-models --location westeurope --storage-account acmemodelapps --identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/acme-models/providers/Microsoft.ManagedIdentity/userAssignedIdentities/digits',
    ],
  ])('writes a configuration that validate takes: %s', async (flags) => {
    write('digits.onnx', tinyModel());
    expect(await coldgate(`init --yes ${flags}`)).toMatchObject({ exit: 0, message: '' });
    expect(await coldgate('validate --local')).toMatchObject({ exit: 0, message: '' });
    expect(existsSync(join(folder, '.gitignore'))).toBe(false);
  });

  it('says all that is missing or wrong at once, and writes nothing', async () => {
    write('digits.onnx', tinyModel());
    const missing = await coldgate('init --yes --provider azure-functions --region westeurope');
    expect(missing).toMatchObject({ exit: 2 });
    const lines = missing.message.split('\n').map((line) => line.split(':')[0]);
    expect(lines).toEqual([
      ...['--region', '--store', '--subscription', '--resource-group', '--location'],
      ...['--storage-account', '--identity'],
    ]);
    const wrong = await coldgate('init --yes --provider aws-lambda --store gs://x --region moon --execution-role me');
    expect(wrong.exit).toBe(2);
    for (const flag of ['--store', '--region', '--execution-role']) expect(wrong.message).toContain(`${flag}: `);
    expect(wrong.message).not.toContain('.new');
    expect(readdirSync(folder)).toEqual(['digits.onnx']);
  });

  it('leaves out what does not load, says why, and ends with its exit code', async () => {
    write('good.onnx', tinyModel());
    write('bad.onnx', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n');
    expect(await coldgate('init --yes')).toMatchObject({
      exit: 3,
      message: expect.stringContaining('Git LFS pointer'),
    });
    expect(read('models.yaml')).toContain('good.onnx');
    expect(read('models.yaml')).not.toContain('bad.onnx');
    expect(await coldgate('validate --local')).toMatchObject({ exit: 0 });
  });

  it('refuses a folder without models, and names that no file has', async () => {
    expect(await coldgate('init --yes')).toMatchObject({ exit: 2, message: expect.stringContaining('found none') });
    write('digits.onnx', tinyModel());
    const other = await coldgate('init --yes --model letters');
    expect(other).toMatchObject({ exit: 2, message: expect.stringContaining('digits (digits.onnx)') });
  });

  it('keeps a models.yaml, a sample and a .gitattributes that are there, and reads from them', async () => {
    write('digits.onnx', tinyModel());
    expect(await coldgate(`init --yes ${aws} --execution-role $\{LAMBDA_ROLE}`)).toMatchObject({ exit: 2 });
    expect(
      await runInProcess(folder, `init --yes ${aws} --execution-role $\{LAMBDA_ROLE}`.split(' '), {
        LAMBDA_ROLE: role,
      }),
    ).toMatchObject({ exit: 0 });
    rmSync(join(folder, '.github'), { recursive: true });
    write('.gitattributes', '*.onnx filter=lfs\n');
    const again = await runInProcess(folder, ['init', '--yes'], { LAMBDA_ROLE: role });
    expect(again).toMatchObject({
      exit: 0,
      document: { written: ['.github/workflows/models.yml'], kept: ['models.yaml'] },
    });
    const workflow = read('.github/workflows/models.yml');
    expect(workflow).toContain('LAMBDA_ROLE: ${{ vars.LAMBDA_ROLE }}');
    expect(workflow.match(/lfs: true/g)).toHaveLength(3);
    expect(read('.gitattributes')).toBe('*.onnx filter=lfs\n');
  });

  it('prepares Git LFS where a file of a model is large', async () => {
    write('digits.onnx', tinyModel());
    write('digits.onnx.data', '');
    truncateSync(join(folder, 'digits.onnx.data'), 60 * 2 ** 20);
    expect(await coldgate('init --yes')).toMatchObject({ exit: 0 });
    expect(read('.gitattributes')).toContain('*.onnx.data filter=lfs');
    expect(read('.github/workflows/models.yml')).toContain('lfs: true');
  });

  it('takes from a work tree what git would take', async () => {
    execFileSync('git', ['init', '--quiet'], { cwd: folder });
    write('.gitignore', 'exports\n');
    write('exports/old.onnx', tinyModel());
    write('digits.onnx', tinyModel());
    expect(await coldgate('init --yes')).toMatchObject({ exit: 0, document: { models: ['digits'] } });
    expect(read('.gitignore')).toBe('exports\n');
  });
});

describe('names and texts', () => {
  it.each([
    ['models/digits.onnx', 'digits'],
    ['sentiment/onnx/model.onnx', 'sentiment'],
    ['Sprach Modell/Ünïcode V2.onnx', 'n-code-v2'],
    ['model.onnx', 'model'],
    ['a/con.onnx', 'model'],
    ['__.onnx', 'model'],
    [`${'x'.repeat(90)}.onnx`, 'x'.repeat(60)],
  ])('%s becomes %s', (path, name) => {
    expect(modelNameOf(path)).toBe(name);
  });

  it('gives two of one name a number', () => {
    expect(nameModels(['a/x.onnx', 'b/x.onnx', 'c/x.onnx']).map(({ name }) => name)).toEqual(['x', 'x-2', 'x-3']);
  });

  it.each(['a b', 'yes', '1.0', '#x', 'a: b', "o'neil", 'x"y', '${A}'])(
    'writes %s so that YAML reads it back',
    (text) => {
      expect(JSON.parse(scalar(text))).toBe(text);
    },
  );
});

describe('questions', () => {
  it('are asked where somebody sits at the terminal, for what no flag says', async () => {
    const asked: string[] = [];
    const ask = async (question: string, fallback?: string) => {
      asked.push(question);
      return asked.length === 1 ? 'aws-lambda' : (fallback ?? `answer-${asked.length}`);
    };
    const place = await choosePlace({ provider: undefined, region: 'eu-west-1' }, ask);
    expect(asked).toHaveLength(3);
    expect(place.values).toEqual({ store: 'answer-2', region: 'eu-west-1', 'execution-role': 'answer-3' });
    await expect(choosePlace({ provider: undefined }, async () => 'moon')).rejects.toThrow('--provider');
  });

  it('read a line from a terminal, and nothing from a pipe', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.ReadStream;
    const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80 }) as unknown as NodeJS.WriteStream;
    const ask = asker(input, output)!;
    (input as unknown as PassThrough).write('s3://a/b\n');
    expect(await ask('Store?', 'x')).toBe('s3://a/b');
    (input as unknown as PassThrough).write('\n');
    expect(await ask('Store?', 'x')).toBe('x');
    expect(asker(new PassThrough() as unknown as NodeJS.ReadStream, output)).toBeUndefined();
  });
});
