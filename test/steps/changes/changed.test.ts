import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../fakes/processes/runner.ts';
import { tinyGraph, tinyWeights } from '../../fixtures/external.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { Project, shortGate } from '../../fixtures/project.ts';
import { eventVariables, pullRequest, push } from '../../github/payloads.ts';

const entry = (name: string, version: string) => `  ${name}:
    version: ${version}
    files: { model.onnx: models/${name}.onnx }
    optimize: off
    gate: { ${shortGate} }
`;

/** Which models an event is about, from git itself, in a repository with two of them. */
describe('changed models', () => {
  const project = new Project();
  let base: string;
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=o', '-c', 'user.email=o@example.com', ...args], {
      cwd: project.folder,
      encoding: 'utf8',
    }).trim();
  const write = (versions: Record<string, string>, memory = 'local') => {
    const environments = `environments:\n  ${memory}: { store: "file:store", target: { provider: local } }\n`;
    const models = Object.entries(versions).map(([name, version]) => entry(name, version));
    writeFileSync(project.path('models.yaml'), `schema: 1\n${environments}models:\n${models.join('')}`);
  };
  const decide = async (before: string, name = 'pull_request', more: Record<string, string> = {}) => {
    const payload =
      name === 'push' ? push({ ref: 'refs/heads/main', before }) : pullRequest({ action: 'opened', baseSha: before });
    const variables = { ...eventVariables(project.folder, name, payload), ...more };
    const { exit, stdout, stderr } = await runCommand(['event', '--json'], project.folder, variables);
    expect([exit, stderr]).toEqual([0, expect.any(String)]);
    return JSON.parse(stdout);
  };
  const models = async (before: string) => (await decide(before)).models.map(({ model }: { model: string }) => model);

  beforeAll(() => {
    git('init', '--quiet', '--initial-branch', 'main');
    mkdirSync(project.path('models'), { recursive: true });
    for (const name of ['digits', 'voice']) writeFileSync(project.path('models', `${name}.onnx`), tinyModel(0.5));
    write({ digits: '1.0.0', voice: '1.0.0' });
    git('add', 'models.yaml', 'models');
    git('commit', '--quiet', '--message', 'base');
    base = git('rev-parse', 'HEAD');
  });
  beforeEach(() => {
    git('reset', '--quiet', '--hard', base);
  });
  afterAll(() => project.remove());

  it('is none where nothing changed, also when other files did', async () => {
    writeFileSync(project.path('README.md'), 'words');
    git('add', 'README.md');
    git('commit', '--quiet', '--message', 'words');
    expect(await models(base)).toEqual([]);
  });

  it('is the one whose entry changed', async () => {
    write({ digits: '1.0.0', voice: '1.1.0' });
    git('commit', '--quiet', '--all', '--message', 'voice');
    expect(await models(base)).toEqual(['voice']);
  });

  it('is the one whose file changed, committed or made by an earlier step', async () => {
    writeFileSync(project.path('models/digits.onnx'), tinyModel(0.75));
    expect(await models(base)).toEqual(['digits']);
    git('commit', '--quiet', '--all', '--message', 'digits');
    expect(await models(base)).toEqual(['digits']);
  });

  it('is the one whose data changed or went away, which no line of models.yaml names', async () => {
    writeFileSync(project.path('models/voice.onnx'), tinyGraph('voice.data'));
    writeFileSync(project.path('models/voice.data'), tinyWeights());
    git('add', 'models');
    git('commit', '--quiet', '--message', 'data');
    const before = git('rev-parse', 'HEAD');
    expect(await models(before)).toEqual([]);
    writeFileSync(project.path('models/voice.data'), tinyWeights(9));
    expect(await models(before)).toEqual(['voice']);
    rmSync(project.path('models/voice.data'));
    expect(await models(before)).toEqual(['voice']);
  });

  it('is the one whose file git does not know', async () => {
    git('rm', '--quiet', '--cached', 'models/voice.onnx');
    git('commit', '--quiet', '--message', 'built, not kept');
    const before = git('rev-parse', 'HEAD');
    writeFileSync(project.path('models/voice.onnx'), tinyModel(0.5));
    expect(await models(before)).toEqual(['voice']);
  });

  it('is a new one, and all of them where environments changed or the commit before is not known', async () => {
    write({ digits: '1.0.0', voice: '1.0.0', faces: '1.0.0' });
    writeFileSync(project.path('models/faces.onnx'), tinyModel(0.5));
    expect(await models(base)).toEqual(['faces']);
    write({ digits: '1.0.0', voice: '1.0.0' }, 'staging');
    expect(await models(base)).toEqual(['digits', 'voice']);
    write({ digits: '1.0.0', voice: '1.0.0' });
    const unknown = await decide('f'.repeat(40));
    expect(unknown.models).toHaveLength(2);
    expect(unknown.why.join(' ')).toContain('All models: the commit of its base, `fffffff`,');
    expect((await decide('0'.repeat(40), 'push')).models).toHaveLength(2);
  });

  it('compares a pull request with its base', async () => {
    write({ digits: '1.2.0', voice: '1.0.0' });
    expect((await decide(base)).models).toEqual([{ model: 'digits', version: '1.2.0' }]);
  });

  it('needs no variable of an environment where a fork has none', async () => {
    const yaml = `schema: 1
environments:
  staging: { store: "s3://\${BUCKET}/models", target: { provider: aws-lambda, region: eu-west-1, role: "\${ROLE}" } }
models:
${entry('digits', '1.0.0')}`;
    writeFileSync(project.path('models.yaml'), yaml);
    const payload = pullRequest({ action: 'opened', baseSha: base, headRepository: null });
    const variables = eventVariables(project.folder, 'pull_request', payload);
    const fork = await runCommand(['event', '--json'], project.folder, variables);
    expect([fork.exit, JSON.parse(fork.stdout).steps[0].inputs.local]).toEqual([0, 'true']);
    const measured = await runCommand(['preview', '--local', '--pull-request', '3', '--sha', base], project.folder);
    expect(measured.exit).toBe(0);
    const own = eventVariables(project.folder, 'pull_request', pullRequest({ action: 'opened', baseSha: base }));
    expect((await runCommand(['event'], project.folder, own)).exit).toBe(2);
  });
});
