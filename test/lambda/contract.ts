import * as sdk from '@aws-sdk/client-lambda';
import { NormalizedSchema } from '@smithy/core/schema';
import { ServiceError } from './service-error.ts';

/** An operation as the SDK's own model has it. */
export interface Operation {
  name: string;
  method: string;
  path: RegExp;
  labels: string[];
  /** `?List=ALL` of one route. */
  query: [string, string][];
  status: number;
  input: NormalizedSchema;
  output: NormalizedSchema;
}

export interface Incoming {
  method: string;
  url: URL;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

type Fields = Record<string, unknown>;
type Http = [string, string, number];
type StaticOperation = [9, string, string, { http?: Http }, () => never, () => never];

const isOperation = (value: unknown): value is StaticOperation => Array.isArray(value) && value[0] === 9;

/** Every operation of a service, read from the schemas that its client itself serializes with. */
export const operationsOf = (client: object): Operation[] =>
  Object.values(client as Fields)
    .filter(isOperation)
    .map(([, , name, traits, input, output]) => {
      const [method, uri, status]: Http = traits.http ?? ['POST', '/', 200];
      const [path = '', query = ''] = uri.split('?');
      const pattern = path.replace(/\/$/, '').replaceAll(/\{\w+\}/g, '([^/]+)');
      return {
        name,
        method,
        status,
        path: new RegExp(`^${pattern}/?$`),
        labels: [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string),
        query: [...new URLSearchParams(query)] as [string, string][],
        input: NormalizedSchema.of(input as never),
        output: NormalizedSchema.of(output as never),
      };
    })
    // Routes with a fixed query first: their path is another operation's too.
    .sort((a, b) => b.query.length - a.query.length);

const lambdaOperations = operationsOf(sdk);

/** Finds the operation of a request and its checked input. Throws ServiceError for whatever the model does not have. */
export function readRequest(
  incoming: Incoming,
  operations = lambdaOperations,
): { operation: Operation; input: Fields } {
  const { method, url } = incoming;
  const fits = ({ path, query, ...one }: Operation): boolean =>
    one.method === method && path.test(url.pathname) && query.every(([k, v]) => url.searchParams.get(k) === v);
  const operation = operations.find(fits);
  if (!operation) throw new ServiceError('UnknownOperationException', 404, `${method} ${url.pathname} is no operation`);
  return { operation, input: readInput(operation, incoming) };
}

function readInput(operation: Operation, { url, headers, body }: Incoming): Fields {
  const input: Fields = {};
  const labels = operation.path.exec(url.pathname) ?? [];
  const inBody = new Map<string, NormalizedSchema>();
  const known = new Set(operation.query.map(([name]) => name));
  for (const [name, schema] of operation.input.structIterator()) {
    const traits = schema.getMergedTraits();
    if (traits.httpLabel) input[name] = decodeURIComponent(labels[operation.labels.indexOf(name) + 1] ?? '');
    else if (traits.httpQuery) {
      known.add(traits.httpQuery);
      const all = url.searchParams.getAll(traits.httpQuery);
      if (all.length > 0) input[name] = schema.isListSchema() ? all : fromText(schema, all[0] as string);
    } else if (traits.httpHeader) {
      const value = headers[traits.httpHeader.toLowerCase()];
      if (value !== undefined) input[name] = fromText(schema, value);
    } else if (traits.httpPayload) input[name] = body;
    else inBody.set(traits.jsonName ?? name, schema);
  }
  for (const name of url.searchParams.keys()) if (!known.has(name)) refuse(operation, `has no query parameter ${name}`);
  if (inBody.size > 0) Object.assign(input, readBody(operation, body, inBody));
  else if (body.byteLength > 0 && !('Payload' in input)) refuse(operation, 'takes no body');
  checkRequired(operation.input, input, operation.name);
  return input;
}

function readBody(operation: Operation, body: Buffer, members: Map<string, NormalizedSchema>): Fields {
  const document = body.byteLength === 0 ? {} : (JSON.parse(body.toString('utf8')) as Fields);
  for (const [name, value] of Object.entries(document)) {
    const schema = members.get(name);
    if (!schema) refuse(operation, `has no member ${name}`);
    else checkValue(schema, value, `${operation.name}.${name}`);
  }
  return document;
}

const fromText = (schema: NormalizedSchema, text: string): unknown => {
  if (schema.isNumericSchema()) return Number(text);
  return schema.isBooleanSchema() ? text === 'true' : text;
};

const refuse = (operation: Operation, what: string): never => {
  throw new ServiceError('SerializationException', 400, `${operation.name} ${what}`);
};

const wrong = (path: string, want: string): never => {
  throw new ServiceError('SerializationException', 400, `${path}: expected ${want}`);
};

/** Required members come first in a structure; their number stands after the schemas. */
function checkRequired(schema: NormalizedSchema, value: Fields, path: string): void {
  const [, , , , names = [], , required = 0] = schema.getSchema() as unknown as [
    ...[number, string, string, unknown],
    string[],
    unknown[],
    number | undefined,
  ];
  const members = new Map<string, NormalizedSchema>(schema.structIterator());
  for (const member of names.slice(0, required)) {
    const traits = members.get(member)?.getMergedTraits();
    const name = traits?.httpLabel ? member : (traits?.jsonName ?? member);
    if (value[name] === undefined || value[name] === null) wrong(`${path}.${name}`, 'a value, it is required');
  }
}

/** Demands the model's type, all the way down; a member that the model does not have is refused too. */
export function checkValue(schema: NormalizedSchema, value: unknown, path: string): void {
  if (value === undefined || value === null) return;
  if (schema.isStructSchema()) {
    if (typeof value !== 'object' || Array.isArray(value)) wrong(path, 'an object');
    const named = [...schema.structIterator()].map(([name, member]) => [
      member.getMergedTraits().jsonName ?? name,
      member,
    ]);
    const members = new Map(named as [string, NormalizedSchema][]);
    for (const [name, inner] of Object.entries(value as Fields)) {
      const member = members.get(name);
      if (!member) wrong(`${path}.${name}`, `nothing: ${schema.getName()} has no such member`);
      else checkValue(member, inner, `${path}.${name}`);
    }
    checkRequired(schema, value as Fields, path);
  } else if (schema.isListSchema()) {
    if (!Array.isArray(value)) wrong(path, 'a list');
    for (const inner of value as unknown[]) checkValue(schema.getValueSchema(), inner, `${path}[]`);
  } else if (schema.isMapSchema()) {
    if (typeof value !== 'object' || Array.isArray(value)) wrong(path, 'a map');
    for (const [key, inner] of Object.entries(value as Fields))
      checkValue(schema.getValueSchema(), inner, `${path}.${key}`);
  } else checkSimple(schema, value, path);
}

function checkSimple(schema: NormalizedSchema, value: unknown, path: string): void {
  const isText = schema.isStringSchema() || schema.isBlobSchema();
  if (isText && typeof value !== 'string' && !Buffer.isBuffer(value)) wrong(path, 'text');
  if (schema.isNumericSchema() && typeof value !== 'number') wrong(path, 'a number');
  if (schema.isBooleanSchema() && typeof value !== 'boolean') wrong(path, 'true or false');
}
