import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Project } from '../fixtures/project.ts';
import { KvServer } from '../stores/kv-server.ts';

const root = join(import.meta.dirname, '..', '..');
const start = `const { runCli } = await import(${JSON.stringify(join(root, 'src', 'cli.ts'))});
process.exitCode = await runCli(process.argv.slice(1), ${JSON.stringify(join(root, 'dist'))});`;

describe('weigh, on the store that was added', () => {
  const server = new KvServer();
  const project = new Project();
  const coldgate = async (...args: string[]) => {
    const command = ['--input-type=module', '--eval', start, '--', ...args, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: project.folder });
    return JSON.parse(stdout);
  };
  beforeAll(async () => {
    const yaml = readFileSync(project.path('models.yaml'), 'utf8');
    const store = `{ url: "kv://models/p", endpoint: "${await server.start()}" }`;
    writeFileSync(project.path('models.yaml'), yaml.replace('"file:store"', store));
  });
  afterAll(async () => {
    await server.close();
    project.remove();
  });

  it('adds up what publish has written', async () => {
    expect(await coldgate('weigh')).toMatchObject({ exit: 0, bytes: 0, versions: [] });
    await coldgate('publish');
    const { bytes, versions } = await coldgate('weigh');
    const stored = [...server.objects].filter(([path]) => path.includes('/versions/'));
    expect(bytes).toBe(stored.reduce((sum, [, held]) => sum + held.bytes.length, 0));
    expect(versions).toEqual(['1.0.0']);
  });
});
