import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advise, rules, warnings } from '../../src/advice/advise.ts';
import type { Finding } from '../../src/advice/rule.ts';
import { remedyText } from '../../src/advice/words.ts';
import { loadConfig } from '../../src/config/load.ts';
import { factsHere } from '../../src/steps/advice/facts.ts';
import { tinyModel } from '../fixtures/onnx.ts';
import { lambda, other, type Situation, storeOf, wrong } from './situations.ts';

const folder = mkdtempSync(join(tmpdir(), 'coldgate-advice-'));
beforeAll(() => {
  mkdirSync(join(folder, 'models'));
  writeFileSync(join(folder, 'models/digits.onnx'), tinyModel());
});
afterAll(() => rmSync(folder, { recursive: true }));

/** YAML is a superset of JSON. */
type Document = Record<string, unknown>;

function documentOf({ target, model = {}, store = storeOf(target), environment = 'production' }: Situation): Document {
  const files = { 'model.onnx': 'models/digits.onnx' };
  return {
    schema: 1,
    environments: { [environment]: { store, target } },
    models: { digits: { version: '1.0.0', files, ...model } },
  };
}

async function findings(document: Document, { environment = 'production', facts = {} }: Situation): Promise<Finding[]> {
  const file = join(folder, 'models.yaml');
  writeFileSync(file, JSON.stringify(document));
  const config = await loadConfig(file, {});
  const here = await factsHere(config, config.environments[environment]!, config.models['digits']!, facts.wishes);
  return advise({ ...here, ...facts });
}

/** The document with the fields of a finding as it says. */
function typed(document: Document, { set = [] }: Finding): Document {
  const copy = structuredClone(document);
  for (const [path, value] of set) {
    const names = path.split('.');
    const last = names.pop() as string;
    const at = names.reduce<Document>((parent, name) => {
      parent[name] ??= {};
      return parent[name] as Document;
    }, copy);
    if (value === '') delete at[last];
    else at[last] = load(value);
  }
  return copy;
}

const named = (all: readonly Situation[]) => all.map((one) => [one.rule, one.what, one] as const);

describe('advice', () => {
  it.each(named(wrong))('%s: %s is answered by no, and not any more once it is typed', async (rule, _what, one) => {
    const document = documentOf(one);
    const found = (await findings(document, one)).find(({ id }) => id === rule);
    expect(found, rule).toMatchObject({ verdict: 'no', environment: one.environment ?? 'production', model: 'digits' });
    expect([found?.why, remedyText(found!)].join(' ')).not.toMatch(/undefined|NaN|\[object/);
    expect(found?.set?.length).toBeGreaterThan(0);
    // Another size is another place, whose starts are measured again.
    const resized = found?.set?.some(([path]) => path.endsWith('.memory'));
    const facts = { ...one.facts, ...(resized && { measured: undefined }) };
    const again = (await findings(typed(document, found!), { ...one, facts })).find(({ id }) => id === rule);
    expect(again?.verdict, again?.why).not.toBe('no');
  });

  it.each(named(other))('%s: %s needs no change', async (rule, _what, one) => {
    const found = (await findings(documentOf(one), one)).find(({ id }) => id === rule);
    expect(found).toMatchObject({ verdict: (one as (typeof other)[number]).verdict });
    expect(found?.set ?? []).toEqual([]);
    expect(found?.run === undefined).toBe(found?.verdict === 'yes');
    expect([found?.why, remedyText(found!)].join(' ')).not.toMatch(/undefined|NaN|\[object|Expires=/);
  });

  it('has nothing to say of functions on this machine', async () => {
    const one: Situation = { rule: '', what: '', target: { provider: 'local' }, store: 'file:store' };
    expect(await findings(documentOf(one), one)).toEqual([]);
  });

  it('says of a store in another cloud what each cold start costs', async () => {
    const one: Situation = { rule: 'regions', what: '', target: lambda, store: 'gs://acme-models/models' };
    const found = (await findings(documentOf(one), { ...one, facts: { bytes: 100_000_000 } })).find(
      ({ id }) => id === 'regions',
    );
    expect(found).toMatchObject({ verdict: 'no', why: expect.stringContaining('0.009 USD') });
  });

  it('warns of what needs no account, and of nothing that is a matter of taste', async () => {
    const one: Situation = {
      rule: '',
      what: '',
      target: { ...lambda, 'reserved-concurrency': undefined, auth: 'none' },
    };
    const warned = warnings(await findings(documentOf(one), one)).map(({ id }) => id);
    expect(warned).toEqual(['caps', 'public']);
  });

  it('has a situation and a line in docs/advice.md for every rule', () => {
    const tried = new Set([...wrong, ...other].map(({ rule }) => rule));
    const page = readFileSync(join(import.meta.dirname, '../../docs/advice.md'), 'utf8');
    const silent = rules.filter(({ id }) => !tried.has(id)).map(({ id }) => id);
    expect(silent).toEqual([]);
    const missing = rules.filter(({ id, asks }) => !page.includes(`| \`${id}\` | ${asks} |`)).map(({ id }) => id);
    expect(missing).toEqual([]);
  });
});
