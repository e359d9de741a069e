import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelsJsonSchema, modelsJsonSchemaText } from '../../src/config/json-schema.ts';
import { readYaml } from '../../src/config/read-yaml.ts';
import { configReference } from '../../src/config/reference.ts';
import { modelsSchema } from '../../src/config/schema.ts';
import { plainValue } from '../../src/config/yaml-node.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

type Node = Record<string, unknown>;

/** Every schema inside the schema, with the path to it. */
function* walk(node: unknown, path: string): Generator<[string, Node]> {
  if (typeof node !== 'object' || node === null) return;
  yield [path, node as Node];
  for (const [key, inner] of Object.entries(node)) yield* walk(inner, `${path}/${key}`);
}

describe('what is generated from the schema', () => {
  it('is committed as it is (npm run docs writes it)', () => {
    expect(read('schema/models.schema.json')).toBe(modelsJsonSchemaText());
    const docs = read('docs/config.md');
    expect(docs.slice(docs.indexOf('<!-- config:begin -->'), docs.indexOf('<!-- config:end -->'))).toBe(
      `<!-- config:begin -->\n\n${configReference()}\n\n`,
    );
  });

  it('describes every field', () => {
    const fields = [...walk(modelsJsonSchema(), '')].filter(([path]) => /\/properties\/[^/]+$/.test(path));
    const bare = fields.filter(([path, node]) => !node['description'] && !path.endsWith('/provider'));
    expect(fields.length).toBeGreaterThan(100);
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  it('has patterns that editors can compile, and refuses unknown fields everywhere', () => {
    for (const [path, node] of walk(modelsJsonSchema(), '')) {
      if (typeof node['pattern'] === 'string') expect(() => new RegExp(node['pattern'] as string, 'u')).not.toThrow();
      if ('properties' in node && node['type'] === 'object')
        expect([path, node['additionalProperties']]).toEqual([path, false]);
    }
  });

  it('shows examples in docs/config.md that pass', () => {
    const examples = [...read('docs/config.md').matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] as string);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const { root: node, problems } = readYaml(example, { LAMBDA_ROLE: 'arn:aws:iam::123456789012:role/x' });
      expect(problems).toEqual([]);
      expect(modelsSchema.safeParse(node && plainValue(node)).error?.issues).toBeUndefined();
    }
  });
});
