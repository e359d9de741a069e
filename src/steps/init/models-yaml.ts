import type { FoundModel } from './find-models.ts';
import type { Place, PlaceValues } from './places.ts';

/** Words that YAML takes for something else than text. */
const words = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** A text as YAML reads it back: bare where that is safe, else as JSON writes it, which is YAML, too. */
export const scalar = (text: string): string =>
  /^[A-Za-z/][A-Za-z0-9_./-]*$/.test(text) && !words.test(text) ? text : JSON.stringify(text);

const block = (fields: readonly (readonly [string, string])[], by: string): string[] =>
  fields.map(([name, text]) => `${by}${name}: ${text}`);

/** Settings of a target beside its provider, in the order of the reference. */
const targetFields = ['project', 'region', 'execution-role', 'service-account'] as const;
const azureFields = ['subscription', 'resource-group', 'location', 'storage-account', 'identity'] as const;

function environment(
  name: string,
  { provider, values }: Place,
  more: readonly (readonly [string, string])[],
): string[] {
  const store = scalar(values.store ?? '');
  const region = provider === 'aws-lambda' ? `{ url: ${store}, region: ${scalar(values.region ?? '')} }` : store;
  const given = [...targetFields, ...azureFields].flatMap((field) => textOf(values, field));
  return [
    `  ${name}:`,
    `    store: ${region}`,
    ...(name === 'production' ? [] : [`    pointer: ${name}.json`]),
    '    target:',
    ...block([['provider', provider], ...given, ...more], '      '),
  ];
}

const textOf = (values: PlaceValues, field: keyof PlaceValues): [string, string][] =>
  values[field] === undefined ? [] : [[field === 'execution-role' ? 'role' : field, scalar(values[field])]];

function modelLines({ name, path }: FoundModel, sample: string | undefined): string[] {
  return [
    `  ${scalar(name)}:`,
    '    version: 1.0.0',
    `    files: { model.onnx: ${scalar(path)} }`,
    ...(sample === undefined ? [] : [`    sample: ${scalar(sample)}`]),
  ];
}

/**
 * A models.yaml for the models of this place: one store, two environments with a pointer each.
 * @param version of the tool, whose schema the file names for editors
 * @param samples by names of models, the path of each one's golden sample
 */
export function modelsYaml(
  version: string,
  place: Place,
  models: readonly FoundModel[],
  samples: ReadonlyMap<string, string>,
): string {
  return [
    `# yaml-language-server: $schema=https://raw.githubusercontent.com/coldgate/coldgate/v${version}/schema/models.schema.json`,
    'schema: 1',
    'environments:',
    '  # One store, two pointers, functions of their own for each.',
    ...environment('staging', place, []),
    ...environment('production', place, []),
    'models:',
    ...models.flatMap((model) => modelLines(model, samples.get(model.name))),
    '',
  ].join('\n');
}
