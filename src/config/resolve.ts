import { dirname, join } from 'node:path';
import { defaultPointer } from '../model/layout.ts';
import { camelKeys } from './camel-keys.ts';
import { chooseModelFile } from './check-models.ts';
import { sampleName } from './check-sources.ts';
import { resolveQuality } from './resolve-quality.ts';
import { fractionOf, secondsOf } from './schema/field-kinds.ts';
import { gateSchema, handlerSchema } from './schema/model.ts';
import type { EnvironmentFields, ModelFields, ModelsFile } from './schema.ts';
import { resolveStoreUrl } from './store-url.ts';
import type { Config, Environment, ModelEntry, SourceFile, StoreSettings, TargetSettings } from './types.ts';

/** Used where models.yaml names no environment: everything on this machine, nothing to set up. */
const embedded: Record<string, EnvironmentFields> = {
  local: { store: 'file:.coldgate/store', pointer: defaultPointer, target: { provider: 'local' } },
};

/** The checked file in the form that verbs read: defaults in, paths absolute. `file` is absolute. */
export function resolveConfig(fields: ModelsFile, file: string): Config {
  const root = dirname(file);
  const environments = Object.entries(fields.environments ?? embedded);
  return {
    file,
    root,
    environments: Object.fromEntries(environments.map(([name, given]) => [name, environment(name, given, root)])),
    models: Object.fromEntries(Object.keys(fields.models).map((name) => [name, model(name, fields, root)])),
  };
}

function environment(name: string, given: EnvironmentFields, root: string): Environment {
  return { name, store: store(given.store, root), pointer: given.pointer, target: target(given.target) };
}

function store(given: EnvironmentFields['store'], root: string): StoreSettings {
  const { url, ...settings } = typeof given === 'string' ? { url: given } : given;
  const resolved = resolveStoreUrl(url, root);
  if ('fault' in resolved) throw new RangeError(`${url} passed the checks: ${resolved.fault.message}`);
  return { url: resolved.url, ...camelKeys(settings) };
}

const target = (given: EnvironmentFields['target']): TargetSettings => camelKeys(given) as TargetSettings;

function model(name: string, all: ModelsFile, root: string): ModelEntry {
  const given = all.models[name] as ModelFields;
  const files = Object.entries(given.files).map(([path, source]): SourceFile => ({ path, source: join(root, source) }));
  const chosen = chooseModelFile(Object.keys(given.files), given.model);
  if ('why' in chosen) throw new RangeError(`${name} passed the checks: ${chosen.why}`);
  const sample = given.sample === undefined ? undefined : sampleFile(given.sample, given, root);
  if (sample && !files.some((entry) => entry.path === sample.path)) files.push(sample);
  return {
    name,
    version: given.version,
    files,
    model: chosen.name,
    sample,
    retain: given.retain,
    ...optimization(given.optimize),
    task: given.task && camelKeys(given.task),
    gate: gate(given.gate),
    quality: given.quality && resolveQuality(given.quality, root),
    watchSeconds: secondsOf(gateSchema.parse(given.gate ?? {}).watch),
    handler: { ...handler(given.handler), models: sharedBy(name, all) },
    target: given.target && target(given.target),
  };
}

const optimization = (given: ModelFields['optimize']): Pick<ModelEntry, 'optimize' | 'formRequired'> =>
  typeof given === 'string'
    ? { optimize: given, formRequired: false }
    : { optimize: given.form, formRequired: given.require };

const sampleFile = (sample: string, given: ModelFields, root: string): SourceFile => ({
  path: sampleName(sample, Object.entries(given.files)),
  source: join(root, sample),
});

function gate(given: ModelFields['gate']): ModelEntry['gate'] {
  const { metric, tolerance, limit, watch: _, ...rest } = gateSchema.parse(given ?? {});
  return {
    metrics: [...new Set(Array.isArray(metric) ? metric : [metric])],
    tolerance: fractionOf(tolerance),
    limit: fractionOf(limit),
    ...camelKeys(rest),
  };
}

function handler(given: ModelFields['handler']): Omit<ModelEntry['handler'], 'models'> {
  const { 'follow-over': followOver, ...rest } = handlerSchema.parse(given ?? {});
  return { ...camelKeys(rest), followOverSeconds: secondsOf(followOver) };
}

/** The list that the model gives, or another model gives for both, or the model alone. */
function sharedBy(name: string, { models }: ModelsFile): string[] {
  const own = models[name]?.handler?.models;
  const others = Object.values(models).map((entry) => entry.handler?.models);
  return own ?? others.find((list) => list?.includes(name)) ?? [name];
}
