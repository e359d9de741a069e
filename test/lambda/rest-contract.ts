import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Incoming } from './contract.ts';
import { ServiceError } from './service-error.ts';
import type { Fields } from './state.ts';

interface Shape {
  type?: string;
  enum?: string[];
  members?: Record<string, string>;
  required?: string[];
  list?: string;
  map?: string;
}

interface OperationModel {
  method: string;
  uri: string;
  status: number;
  query?: Record<string, string>;
  body?: Record<string, string>;
  required?: string[];
  /** The member that is the whole body. */
  payload?: string;
  output?: string;
}

interface Model {
  operations: Record<string, OperationModel>;
  shapes: Record<string, Shape>;
}

/** What botocore knows of the operations that the target calls: paths, members, types, enums, what is required. */
const model = JSON.parse(readFileSync(join(import.meta.dirname, 'rest-model.json'), 'utf8')) as Model;

const bad = (message: string): never => {
  throw new ServiceError('BadRequestException', 400, message);
};

/** Demands the shape's type, all the way down. Throws ServiceError, also for a member that the shape does not have. */
function check(name: string, value: unknown, path: string): void {
  if (value === undefined) return;
  const shape = model.shapes[name] ?? {};
  if (shape.members) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) bad(`${path}: expected an object`);
    checkMembers(shape.members, shape.required ?? [], value as Fields, path);
  } else if (shape.list !== undefined) {
    if (!Array.isArray(value)) bad(`${path}: expected a list`);
    for (const one of value as unknown[]) check(shape.list, one, `${path}[]`);
  } else if (shape.map !== undefined) {
    for (const [key, one] of Object.entries(value as Fields)) check(shape.map, one, `${path}.${key}`);
  } else {
    if (typeof value !== shape.type) bad(`${path}: expected a ${shape.type}`);
    if (shape.enum && !shape.enum.includes(value as string)) bad(`${path}: expected one of ${shape.enum.join(', ')}`);
  }
}

function checkMembers(members: Record<string, string>, required: string[], value: Fields, path: string): void {
  for (const [name, inner] of Object.entries(value)) {
    const shape = members[name];
    if (shape === undefined) bad(`${path} has no member ${name}`);
    else check(shape, inner, `${path}.${name}`);
  }
  for (const name of required) if (value[name] === undefined) bad(`${path}.${name} is required`);
}

export interface RestCall {
  operation: string;
  status: number;
  /** Values of the path, in order. */
  labels: string[];
  query: Record<string, string>;
  body: Fields;
}

const found = Object.entries(model.operations).map(([name, operation]) => ({
  name,
  operation,
  path: new RegExp(`^${operation.uri.replaceAll(/\{\w+\}/g, '([^/]+)')}$`),
}));

/** The operation of a request, with its checked input. Throws ServiceError for whatever the model does not have. */
export function readRest({ method, url, headers, body }: Incoming): RestCall {
  const one = found.find(({ operation, path }) => operation.method === method && path.test(url.pathname));
  if (!one) throw new ServiceError('UnknownOperationException', 404, `${method} ${url.pathname} is no operation`);
  const { name, operation, path } = one;
  // Without it the service answers in another form.
  if (!headers['accept']?.includes('application/json')) bad('expected the header accept: application/json');
  const query = Object.fromEntries(url.searchParams);
  for (const [key, text] of Object.entries(query)) {
    const shape = operation.query?.[key];
    if (shape === undefined) bad(`${name} has no query parameter ${key}`);
    else check(shape, typedValue(shape, text), `${name}?${key}`);
  }
  const document = body.byteLength === 0 ? {} : (JSON.parse(body.toString('utf8')) as Fields);
  if (!operation.payload) checkMembers(operation.body ?? {}, operation.required ?? [], document, name);
  const labels = (path.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
  return { operation: name, status: operation.status, labels, query, body: document };
}

function typedValue(shape: string, text: string): unknown {
  const { type } = model.shapes[shape] ?? {};
  if (type === 'number') return Number(text);
  return type === 'boolean' ? text === 'true' : text;
}

/** Holds an answer of the stand-in to the model, too. */
export function checkRestAnswer(operation: string, answer: unknown): void {
  const { output } = model.operations[operation] ?? {};
  if (output !== undefined && answer !== undefined) check(output, answer, `answer of ${operation}`);
}
