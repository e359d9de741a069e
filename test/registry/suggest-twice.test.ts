import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSource } from '../fakes/registry/command.ts';
import { Project } from '../fixtures/project.ts';

/*
 * The commands for a CDN, run twice on a cloud that remembers what was made and, stricter than the real one, refuses to
 * make it again.
 */
let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

/** A program whose calls are written down; `made` and `make` look and make by a name. */
function remembering(name: string, body: string): void {
  const folder = project.path('bin');
  mkdirSync(folder, { recursive: true });
  const functions = `made() { grep -qxF "$1" made 2>/dev/null; }
make() { if made "$1"; then echo "$1 is there" >&2; exit 1; fi; echo "$1" >> made; }`;
  writeFileSync(join(folder, name), `#!/bin/sh\necho "$@" >> calls\n${functions}\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
}

async function scriptFor(url: string, path: string): Promise<string> {
  const models = project.path('models.yaml');
  const store = JSON.stringify({ url, 'read-url': `https://cdn.acme.example${path}` });
  const place = `  production: { store: ${store}, target: { provider: local } }`;
  writeFileSync(models, readFileSync(models, 'utf8').replace(/ {2}local: .*/, place));
  const { exit, stdout } = await runSource(['doctor', '--environment', 'production', '--suggest'], project.folder);
  expect(exit).toBe(0);
  return stdout;
}

/** Runs it, and says what was called for, and printed. */
function run(script: string): { calls: string[]; output: string } {
  writeFileSync(project.path('setup.sh'), script);
  writeFileSync(project.path('calls'), '');
  const env = { ...process.env, PATH: `${project.path('bin')}${delimiter}${process.env['PATH']}` };
  const output = execFileSync('sh', ['-eu', 'setup.sh'], { cwd: project.folder, env, encoding: 'utf8', stdio: 'pipe' });
  return { calls: readFileSync(project.path('calls'), 'utf8').trim().split('\n'), output };
}

const making = (calls: string[]): string[] =>
  calls.filter((call) => / (?:create|add-signed-url-key|create-\S+) /.test(call));
const queryOf = (output: string): string | undefined =>
  /^READ_URL_QUERY=.*(?<=KeyName=coldgate|Key-Pair-Id=K1)/m.exec(output)?.[0];

describe('the commands for a CDN, run again', () => {
  it('make nothing twice on Azure', async () => {
    remembering(
      'az',
      `case "$1 $3" in
"afd show") case "$*" in *--query*) echo shown;; *) shift 3; made "afd $*";; esac;;
"afd create") noun=$2; verb=$3; shift 3; names=$(echo "$*" | grep -oE -- '--(profile-name|resource-group|endpoint-name|origin-group-name|origin-name|rule-set-name|rule-name|route-name) [^ ]+' | tr '\\n' ' ' | sed 's/ $//'); make "afd $names";;
*) echo shown;; esac`,
    );
    const script = await scriptFor('azure://acmemodels/models/prod', '/prod');
    const first = making(run(script).calls).filter((call) => call.startsWith('afd '));
    expect(first.map((call) => call.split(' ')[1])).toEqual([
      ...['profile', 'endpoint', 'origin-group', 'origin', 'rule-set', 'rule', 'route'],
    ]);
    expect(making(run(script).calls).filter((call) => call.startsWith('afd '))).toEqual([]);
  });

  it('make nothing twice on Google Cloud, sign by the same key, and by no other', async () => {
    remembering(
      'gcloud',
      `case "$*" in
*signedUrlKeyNames*) if made key; then echo coldgate; fi;;
*add-signed-url-key*) make key;;
*"format="*) echo 42;;
"compute "*" describe "*) made "$2 $4";;
"compute "*" create "*) make "$2 $4";;
*) echo 42;; esac`,
    );
    const script = await scriptFor('gs://acme-models/models', '/models');
    const first = run(script);
    expect(making(first.calls).length).toBe(6);
    const key = readFileSync(project.path('coldgate-cdn.key'), 'utf8');
    const second = run(script);
    expect([making(second.calls), readFileSync(project.path('coldgate-cdn.key'), 'utf8')]).toEqual([[], key]);
    expect(queryOf(second.output)).toBeDefined();
    rmSync(project.path('coldgate-cdn.key'));
    expect(() => run(script)).toThrow('coldgate-cdn.key is not here');
  });

  it('make no second key at CloudFront, and say where the first is needed', async () => {
    remembering(
      'aws',
      `case "$*" in
*list-public-keys*) if made key; then echo K1; fi;;
*list-key-groups*) if made group; then echo G1; fi;;
*create-public-key*) make key; cp coldgate-cdn.pub there; echo K1;;
*create-key-group*) make group; echo G1;;
*get-public-key*) cat there;; esac`,
    );
    const whole = await scriptFor('s3://acme-models/models', '');
    const script = whole
      .split('--- cdn-signed-urls')[1]!
      .split('# --- ')[0]!
      .replace(/^.*\n# .*\n/, '')
      .replaceAll(/^#: /gm, '');
    expect(making(run(script).calls).length).toBe(2);
    const second = run(script);
    expect([making(second.calls), queryOf(second.output) !== undefined]).toEqual([[], true]);
    rmSync(project.path('coldgate-cdn.pem'));
    expect(() => run(script)).toThrow('coldgate-cdn.pem is not the key of K1');
  });
});
