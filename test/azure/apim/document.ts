import { Validator } from '@seriousme/openapi-schema-validator';
import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';

/** An operation of an API, as the import makes it of a document. */
export interface Operation {
  name: string;
  method: string;
  urlTemplate: string;
}

const verbs = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const maxBytes = 4 * 1024 * 1024;
const validator = new Validator();

/**
 * The operations of a document, and what the import has against it:
 * https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
 */
export async function importDocument(text: string): Promise<{ operations: Operation[]; problems: string[] }> {
  const document = parse(text);
  if (!document) return { operations: [], problems: ['cannot be parsed'] };
  const problems: string[] = [];
  if (Buffer.byteLength(text) > maxBytes) problems.push('is larger than 4 MB');
  const version = String(document['openapi']);
  // 3.1 can be imported in part; nothing says what is lost, so no request should depend on it.
  if (!/^3\.0\.[0-3]$/.test(version)) problems.push(`openapi ${version} is not supported`);
  const { valid, errors } = await validator.validate(structuredClone(document));
  if (!valid) problems.push(`is no OpenAPI document: ${JSON.stringify(errors)}`);
  const found = operationsOf(document);
  for (const one of found) problems.push(...operationProblems(document, one));
  const names = found.map(({ operation }) => nameOf(String(operation['operationId'])));
  for (const name of new Set(names))
    if (names.indexOf(name) !== names.lastIndexOf(name)) problems.push(`${name} twice`);
  const refs = [...text.matchAll(/"\$ref":\s*"([^"]*)"/g)].map(([, ref = '']) => ref);
  for (const ref of refs) {
    if (!ref.startsWith('#/')) problems.push(`${ref} references another file`);
    else if (resolve(document, ref) === undefined) problems.push(`${ref} references nothing`);
    else if (isRecursive(document, ref)) problems.push(`${ref} is recursive`);
  }
  return { operations: found.map(toOperation), problems };
}

interface Found {
  path: string;
  verb: string;
  operation: Fields;
  parameters: Fields[];
}

export function operationsOf(document: Fields): Found[] {
  return Object.entries(fieldsOf(document['paths'])).flatMap(([path, item]) =>
    verbs
      .filter((verb) => verb in fieldsOf(item))
      .map((verb) => {
        const operation = fieldsOf(fieldsOf(item)[verb]);
        const lists = [fieldsOf(item)['parameters'], operation['parameters']] as (Fields[] | undefined)[];
        return { path, verb, operation, parameters: lists.flatMap((list) => list ?? []) };
      }),
  );
}

function operationProblems(document: Fields, { path, verb, operation, parameters }: Found): string[] {
  const here = `${verb} ${path}`;
  const problems: string[] = [];
  const inUrl = parameters.filter((one) => one['in'] === 'path' || one['in'] === 'query');
  const names = inUrl.map((one) => String(one['name']).toLowerCase());
  if (new Set(names).size < names.length) problems.push(`${here}: names of path and query parameters are not unique`);
  if (inUrl.some((one) => one['in'] === 'query' && one['required'] === true)) {
    problems.push(`${here}: a required query parameter becomes a part of the URL template`);
  }
  const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name.toLowerCase());
  if (named.some((name) => !names.includes(name))) problems.push(`${here}: a parameter of the path is not described`);
  if ('requestBody' in operation && ['get', 'head', 'options'].includes(verb))
    problems.push(`${here}: body is dropped`);
  if (String(operation['summary'] ?? '').length > 300) problems.push(`${here}: summary is longer than 300`);
  const contents = [operation['requestBody'], ...Object.values(fieldsOf(operation['responses']))].flatMap((one) =>
    Object.values(fieldsOf(fieldsOf(one)['content'])),
  );
  for (const content of contents) {
    const schema = fieldsOf(fieldsOf(content)['schema']);
    if (Object.keys(schema).length > 0 && !('$ref' in schema)) problems.push(`${here}: inline schemas are not kept`);
  }
  return document['paths'] === undefined ? ['no paths'] : problems;
}

/** https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions#openapi-import */
const nameOf = (operationId: string): string =>
  operationId
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 76);

const toOperation = ({ path, verb, operation }: Found): Operation => ({
  name: nameOf(String(operation['operationId'])),
  method: verb.toUpperCase(),
  urlTemplate: path,
});

function resolve(document: Fields, ref: string): unknown {
  return ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, part) => fieldsOf(at)[part], document);
}

function isRecursive(document: Fields, ref: string, above: readonly string[] = []): boolean {
  if (above.includes(ref)) return true;
  const below = [...JSON.stringify(resolve(document, ref) ?? {}).matchAll(/"\$ref":"([^"]*)"/g)];
  return below.some(([, one = '']) => isRecursive(document, one, [...above, ref]));
}

function parse(text: string): Fields | undefined {
  try {
    return JSON.parse(text) as Fields;
  } catch {
    return undefined;
  }
}
