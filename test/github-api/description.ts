import { readFileSync } from 'node:fs';
import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { githubOpenapiFile } from '../emulators/github-openapi.ts';

type Json = Record<string, unknown>;

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Json;
}

interface Operation {
  /** `POST /repos/{owner}/{repo}/deployments`. */
  route: string;
  pattern: RegExp;
  parameters: Parameter[];
  body: Json | undefined;
  answers: Record<string, Json | undefined>;
}

/** One request as the description sees it. */
export interface Found {
  operation: Operation;
  path: Record<string, string>;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/**
 * A schema of OpenAPI 3.0 as one of JSON Schema: `nullable` is a type there and none here, and examples may look like
 * schemas.
 */
function asJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asJsonSchema);
  if (!isObject(node)) return node;
  const { nullable, example: _example, examples: _examples, discriminator: _other, ...rest } = node;
  const schema = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      key === 'properties' && isObject(value)
        ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, asJsonSchema(inner)]))
        : key === 'enum'
          ? value
          : asJsonSchema(value),
    ]),
  );
  if (nullable !== true) return schema;
  return typeof schema['type'] === 'string' && !('enum' in schema)
    ? { ...schema, type: [schema['type'], 'null'] }
    : { anyOf: [schema, { type: 'null' }] };
}

/** GitHub's description of its REST API, as far as it is asked for. */
export class Description {
  readonly #document: Json;
  readonly #operations: Operation[];
  readonly #ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false, logger: false });
  readonly #ajvOfText = new Ajv({ strict: false, allErrors: true, coerceTypes: true, logger: false });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor() {
    this.#document = JSON.parse(readFileSync(githubOpenapiFile(), 'utf8')) as Json;
    for (const ajv of [this.#ajv, this.#ajvOfText]) {
      addFormats.default(ajv);
      // The description itself gives "" as the default of links.
      ajv.addFormat('uri', (text) => text === '' || URL.canParse(text));
    }
    this.#operations = Object.entries(this.#document['paths'] as Json).flatMap(([path, methods]) =>
      Object.entries(methods as Json)
        .filter(([method]) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
        .map(([method, operation]) => this.#operation(path, method, operation as Json)),
    );
  }

  #resolve<T>(node: unknown): T {
    if (!isObject(node) || typeof node['$ref'] !== 'string') return node as T;
    const path = node['$ref'].slice(2).split('/');
    return path.reduce<unknown>((at, key) => (at as Json)[key], this.#document) as T;
  }

  #operation(path: string, method: string, operation: Json): Operation {
    const schemaOf = (content: unknown): Json | undefined =>
      (this.#resolve<Json>(content)?.['content'] as Json | undefined)?.['application/json'] as Json | undefined;
    const pattern = path.replace(/[.+*]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    return {
      route: `${method.toUpperCase()} ${path}`,
      pattern: new RegExp(`^${pattern}$`),
      parameters: ((operation['parameters'] ?? []) as unknown[]).map((p) => this.#resolve<Parameter>(p)),
      body: schemaOf(operation['requestBody'])?.['schema'] as Json | undefined,
      answers: Object.fromEntries(
        Object.entries(operation['responses'] as Json).map(([status, answer]) => [
          status,
          schemaOf(answer)?.['schema'] as Json | undefined,
        ]),
      ),
    };
  }

  /** The operation of a path; the one with fewest parameters where several fit. */
  find(method: string, path: string): Found | undefined {
    const fitting = this.#operations
      .filter(({ route, pattern }) => route.startsWith(`${method} `) && pattern.test(path))
      .sort((a, b) => a.route.split('{').length - b.route.split('{').length);
    const [operation] = fitting;
    const groups = operation?.pattern.exec(path)?.groups ?? {};
    const decoded = Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)]);
    return operation && { operation, path: Object.fromEntries(decoded) };
  }

  /** A copy of what GitHub publishes as an example of an answer. */
  example<T>(name: string): T {
    const examples = (this.#document['components'] as Json)['examples'] as Record<string, { value: T }>;
    const found = examples[name];
    if (!found) throw new Error(`The description has no example ${name}.`);
    return structuredClone(found.value);
  }

  #check(key: string, schema: Json, value: unknown, ajv = this.#ajv): string[] {
    let validate = this.#compiled.get(key);
    if (!validate) {
      validate = ajv.compile(this.#bundle(schema));
      this.#compiled.set(key, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map((e: ErrorObject) => `${e.instancePath || 'it'} ${e.message}`);
  }

  /** The schema with all that it refers to. */
  #bundle(schema: Json): AnySchema {
    const all = (this.#document['components'] as Json)['schemas'] as Json;
    const needed: Json = {};
    const collect = (node: unknown): void => {
      for (const [, name] of JSON.stringify(node).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
        if (!name || name in needed) continue;
        needed[name] = asJsonSchema(all[name]);
        collect(needed[name]);
      }
    };
    const root = asJsonSchema(schema) as Json;
    collect(root);
    return { allOf: [root], components: { schemas: needed } };
  }

  /** What of a request is not as described, parameters and fields that nobody described included. */
  requestProblems({ operation, path }: Found, query: URLSearchParams, body: unknown): string[] {
    const { route, parameters, body: schema } = operation;
    const problems = [...query.keys()]
      .filter((name) => !parameters.some((p) => p.in === 'query' && p.name === name))
      .map((name) => `query ${name} is not described`);
    for (const { name, in: place, required, schema: form } of parameters) {
      const text = place === 'path' ? path[name] : place === 'query' ? (query.get(name) ?? undefined) : undefined;
      if (text === undefined) {
        if (required && place !== 'header') problems.push(`${place} ${name} is missing`);
        continue;
      }
      const object = { type: 'object', properties: { [name]: form } };
      const wrong = this.#check(`${route} ${place} ${name}`, object, { [name]: text }, this.#ajvOfText);
      problems.push(...wrong.map((w) => `${place} ${w}`));
    }
    if (!schema) return body === undefined ? problems : [...problems, 'a body is not described'];
    if (body === undefined) return [...problems, 'the body is missing'];
    const known = Object.keys((schema['properties'] as Json | undefined) ?? {});
    const unknown = known.length > 0 && isObject(body) ? Object.keys(body).filter((key) => !known.includes(key)) : [];
    problems.push(...unknown.map((key) => `body /${key} is not described`));
    return [...problems, ...this.#check(`${route} body`, schema, body).map((w) => `body ${w}`)];
  }

  /** What of an answer of ours GitHub would not say so. */
  answerProblems({ operation }: Found, status: number, body: unknown): string[] {
    const { route, answers } = operation;
    const error: Json = { $ref: '#/components/schemas/basic-error' };
    // Refusals and limits are described once for all operations, in prose.
    const described = String(status) in answers || [401, 403, 404, 429, 500, 502, 503].includes(status);
    if (!described) return [`status ${status} is not described`];
    const schema = answers[status] ?? (status >= 400 ? error : undefined);
    if (!schema) return body === undefined ? [] : ['a body is not described'];
    return this.#check(`${route} ${status}`, schema, body);
  }
}
