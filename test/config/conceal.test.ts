import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Concealer } from '../../src/conceal.ts';
import { modelsJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ColdgateError, InputError } from '../../src/errors.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-conceal-')));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'a.onnx'), 'a');
const file = join(folder, 'models.yaml');

interface Field {
  type?: string;
  const?: unknown;
  default?: unknown;
  anyOf?: Field[];
  oneOf?: Field[];
  items?: Field;
  properties?: Record<string, Field>;
  additionalProperties?: Field | boolean;
}

/** Every place of models.yaml that can hold a text: its path, with `e` and `m` for the names that people choose. */
function textPaths(field: Field, path: (string | number)[] = []): (string | number)[][] {
  const variants = [...(field.anyOf ?? []), ...(field.oneOf ?? [])].flatMap((one) => textPaths(one, path));
  const inner = Object.entries(field.properties ?? {}).flatMap(([name, one]) => textPaths(one, [...path, name]));
  const free =
    typeof field.additionalProperties === 'object' ? textPaths(field.additionalProperties, [...path, 'name']) : [];
  const items = field.items ? textPaths(field.items, [...path, 0]) : [];
  const own = field.type === 'string' && field.const === undefined ? [path] : [];
  return [...variants, ...inner, ...free, ...items, ...own];
}

const places = [...new Set(textPaths(modelsJsonSchema() as Field).map((path) => JSON.stringify(path)))].map(
  (text) => JSON.parse(text) as (string | number)[],
);

/** A models.yaml with nothing but what it needs, and the text at the path; JSON is YAML. */
function yamlWith(path: readonly (string | number)[], text: string, provider = 'local'): string {
  const document: Record<string, unknown> = {
    schema: 1,
    environments: { name: { store: { url: 's3://bucket' }, target: { provider } } },
    models: { name: { version: '1.0.0', files: { 'model.onnx': 'a.onnx' } } },
  };
  let at = document;
  for (const [depth, part] of path.slice(0, -1).entries()) {
    const inner = at[part];
    if (typeof inner !== 'object') at[part] = typeof path[depth + 1] === 'number' ? [] : {};
    at = at[part] as Record<string, unknown>;
  }
  at[path.at(-1) as string] = text;
  return JSON.stringify(document, null, 1);
}

const load = (yaml: string, env: Record<string, string>, options = {}) => {
  writeFileSync(file, yaml);
  return loadConfig(file, env, options);
};

const secret = '5ecretAKIA0123456789abcdef';
const isTaken = (path: readonly (string | number)[]) =>
  /^environments\.name\.(?:store|target)|^models\.name\.(?:target|handler\.cors)/.test(path.join('.')) &&
  !/\.(?:alias|provider)$/.test(path.join('.'));

describe('what models.yaml takes from the environment', () => {
  it('is looked for in every field that holds text', () => {
    expect(places.length).toBeGreaterThan(60);
    expect(places.filter(isTaken).length).toBeGreaterThan(40);
  });

  it.each(places.filter((path) => !isTaken(path)).map((path) => [path.join('.'), path] as const))(
    'cannot be %s, which is printed and published',
    async (_name, path) => {
      for (const text of ['${SECRET}', 'a-${SECRET}-b', 'x$${}${SECRET}']) {
        const error = await load(yamlWith(path, text), { SECRET: secret }).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(InputError);
        expect((error as InputError).problems.map((p) => p.message)).toContainEqual(
          expect.stringMatching(/nothing from the environment/),
        );
        expect(JSON.stringify(error)).not.toContain(secret);
      }
    },
  );

  it('does not lend a single character to a message about a store', async () => {
    const problemOf = async (text: string) => {
      const error = await load(yamlWith(['environments', 'name', 'store', 'url'], text), { SECRET: 'a~b' }).catch(
        (e) => e,
      );
      return (error as InputError).message;
    };
    for (const scheme of ['s3://', 's3://bucket/', 'gs://', 'azure://'])
      expect(await problemOf(`${scheme}\${SECRET}`)).not.toContain('~');
    expect(await problemOf('s3://bucket/a~b')).toContain(': "~", in "s3://bucket/a~b"');
  });

  it('is nowhere in what is said of it, whichever field it is', async () => {
    const values = [
      secret,
      's3://5ecret-bucket/5ecret/prefix',
      'https://5ecret.example:9000',
      'arn:aws:iam::5ecretAccount:role/5ecretRole',
      '/5ecret/"folder"',
    ];
    for (const path of places.filter(isTaken)) {
      const isStore = path.includes('store');
      for (const provider of isStore ? ['local'] : ['local', 'aws-lambda', 'google-cloud-run', 'azure-functions']) {
        for (const value of isStore ? values : values.slice(2, 4)) {
          const conceal = new Concealer();
          const done = await load(yamlWith(path, '${SECRET}', provider), { SECRET: value }).catch((e: unknown) => e);
          if (done instanceof Error) {
            if (!(done instanceof InputError)) throw done;
            expect(`${done.message} ${JSON.stringify(done)}`, path.join('.')).not.toContain('5ecret');
            continue;
          }
          const { interpolated = [], ...config } = done as { interpolated?: { name: string; value: string }[] };
          expect(interpolated, path.join('.')).toEqual([{ name: 'SECRET', value }]);
          for (const one of interpolated) conceal.add(one);
          expect(conceal.text(JSON.stringify(config))).not.toContain('5ecret');
        }
      }
    }
  });

  it('does not come by an alias, or in a name, where it is refused', async () => {
    const yaml = [
      'schema: 1',
      'environments: { e: { store: &x "s3://bucket/${SECRET}", target: { provider: local } } }',
      'models: { m: { version: *x, files: { model.onnx: a.onnx } }, "m${SECRET}": {} }',
    ].join('\n');
    const error = await load(yaml, { SECRET: secret }).catch((e: unknown) => e);
    expect((error as InputError).problems.map((p) => p.path)).toEqual(
      expect.arrayContaining(['models.m.version', 'models.m${SECRET}']),
    );
    expect(JSON.stringify(error)).not.toContain(secret);
  });

  it('is nothing that is secret in a run that nobody vouches for', async () => {
    const yaml = yamlWith(['environments', 'name', 'store', 'url'], 's3://bucket/${SECRET}');
    const refused = await load(yaml, { SECRET: secret }, { untrusted: true }).catch((e: unknown) => e);
    expect((refused as InputError).problems.map((p) => p.message)).toEqual([expect.stringMatching(/SECRET to be set/)]);
    const known = yamlWith(['environments', 'name', 'store', 'url'], 's3://bucket/${GITHUB_SHA}');
    const config = await load(known, { GITHUB_SHA: 'a'.repeat(40) }, { untrusted: true });
    expect(config.environments['name']?.store.url).toBe(`s3://bucket/${'a'.repeat(40)}`);
    const origins = yamlWith(['models', 'name', 'handler', 'cors', 0], 'https://${SECRET}');
    const local = await load(origins, { SECRET: secret }, { withoutEnvironments: true });
    expect(JSON.stringify(local)).not.toContain('SECRET');
  });
});

describe('Concealer', () => {
  const concealer = (value: string, name = 'NAME') => {
    const conceal = new Concealer();
    conceal.add({ name, value });
    return conceal;
  };

  it('shows the name in place of the value, in whatever form it is met', () => {
    const shown = concealer('https://5ecretHost.example/a b').text(
      'https://5ecretHost.example/a b, https://5ecretHost.example/a%20b, "5ECRETHOST.EXAMPLE", https://5ecrethost.example',
    );
    expect(shown).not.toMatch(/5ecret/i);
    expect(shown).toContain('${NAME}');
  });

  it('leaves words alone that only hold a short value, and what the clouds answer', () => {
    const conceal = concealer('prod');
    expect(conceal.text('production of s3://acme-prod/x')).toBe('production of s3://acme-${NAME}/x');
    expect(conceal.value({ environment: 'prod' })).toEqual({ environment: 'prod' });
    expect(concealer('a').text('a banana')).toBe('a banana');
  });

  it('changes errors with all that they carry, and leaves them what they are', () => {
    const cause = new Error(`request to ${secret} failed`);
    const problems = [{ path: 'store', message: `got ${secret}.`, line: 3 }];
    const error = new InputError(problems, { cause, hint: secret, data: { host: [secret], size: 5 } });
    const shown = concealer(secret).error(error);
    expect(shown).toBeInstanceOf(ColdgateError);
    expect(shown).toBeInstanceOf(InputError);
    expect(shown).toMatchObject({ code: 'bad-input', exit: 2, hint: '${NAME}', data: { host: ['${NAME}'], size: 5 } });
    expect(shown.problems).toEqual([{ path: 'store', message: 'got ${NAME}.', line: 3 }]);
    const everything = `${shown.message} ${shown.stack} ${JSON.stringify(shown)} ${(shown.cause as Error).message} ${(shown.cause as Error).stack}`;
    expect(everything).not.toContain(secret);
    expect(error.message).toContain(secret);
  });

  it('lets no value of eight characters or more through', () => {
    const value = fc
      .string({ minLength: 8, maxLength: 40 })
      .filter((text) => text.trim().replace(/\/+$/, '').length >= 8);
    const around = fc.string({ maxLength: 20 });
    fc.assert(
      fc.property(value, around, around, (text, before, after) => {
        const bare = text.trim().replace(/\/+$/, '');
        const conceal = concealer(text, 'N');
        if (`\${N}`.includes(bare) || before.includes(bare)) return;
        expect(conceal.text(`${before} ${text} ${after.replaceAll(bare, '')}`).split(bare).length).toBe(1);
        expect(JSON.stringify(conceal.value({ a: [text] }))).toBe('{"a":["${N}"]}');
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
