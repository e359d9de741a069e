import { Validator } from '@seriousme/openapi-schema-validator';
import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';

/** One thing that the compiler of API Gateway says of a document. */
export interface Diagnostic {
  location: string;
  message: string;
}

/** Bytes of all documents of a config: https://cloud.google.com/api-gateway/docs/openapi-v3-limitations */
const maxBytes = 10 * 1024 * 1024;
const validator = new Validator();
const verbs = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

const entries = (value: unknown): [string, Fields][] =>
  Object.entries(fieldsOf(value)).map(([key, one]) => [key, fieldsOf(one)]);

/** Every operation of a document, with its path and verb. */
export function operationsOf(document: Fields): { path: string; verb: string; operation: Fields }[] {
  return entries(document['paths']).flatMap(([path, item]) =>
    verbs.filter((verb) => verb in item).map((verb) => ({ path, verb, operation: fieldsOf(item[verb]) })),
  );
}

/**
 * What is wrong with an OpenAPI 3 document, by the specification's own schema and by what API Gateway says of its
 * extensions and limits: https://cloud.google.com/api-gateway/docs/oasv3-extensions and …/openapi-v3-limitations
 */
export async function compileDocument(contents: string): Promise<{ document: Fields; diagnostics: Diagnostic[] }> {
  const bytes = Buffer.from(contents, 'base64');
  const document = parse(bytes);
  if (!document) return { document: {}, diagnostics: [{ location: '-', message: 'cannot be parsed' }] };
  const found: Diagnostic[] = [];
  const add = (location: string, message: string) => found.push({ location, message });
  if (bytes.byteLength > maxBytes) add('-', `is larger than ${maxBytes} bytes`);
  const { valid, errors } = await validator.validate(structuredClone(document));
  if (!valid) add('-', `is no OpenAPI document: ${JSON.stringify(errors)}`);
  checkManagement(document, add);
  checkOperations(document, add);
  checkSchemes(document, add);
  checkServers(document, add);
  for (const ref of refsIn(document)) if (!ref.startsWith('#/')) add(ref, 'references outside of the document');
  return { document, diagnostics: found };
}

type Add = (location: string, message: string) => void;

function parse(bytes: Buffer): Fields | undefined {
  try {
    return JSON.parse(bytes.toString('utf8')) as Fields;
  } catch {
    return undefined;
  }
}

const backendFields = ['address', 'jwtAudience', 'disableAuth', 'deadline', 'pathTranslation', 'protocol'];

function checkManagement(document: Fields, add: Add): void {
  const at = 'x-google-api-management';
  const management = fieldsOf(document[at]);
  const backends = entries(management['backends']);
  if (backends.length === 0) add(at, 'backends is required');
  for (const [name, backend] of backends) {
    const here = `${at}.backends.${name}`;
    for (const key of Object.keys(backend)) if (!backendFields.includes(key)) add(`${here}.${key}`, 'unknown field');
    if (!URL.canParse(String(backend['address']))) add(`${here}.address`, 'expected a URL');
    if ('jwtAudience' in backend === 'disableAuth' in backend) add(here, 'expected jwtAudience or disableAuth');
    const deadline = backend['deadline'];
    if (deadline !== undefined && (typeof deadline !== 'number' || deadline < 0))
      add(`${here}.deadline`, 'is negative');
    const translation = backend['pathTranslation'];
    if (!['APPEND_PATH_TO_ADDRESS', 'CONSTANT_ADDRESS', undefined].includes(translation as string)) {
      add(`${here}.pathTranslation`, `unknown value ${String(translation)}`);
    }
  }
  const metrics = fieldsOf(management['metrics']);
  for (const [name, limit] of entries(fieldsOf(management['quota'])['limits'])) {
    const here = `${at}.quota.limits.${name}`;
    if (!(String(limit['metric']) in metrics)) add(here, `metric ${String(limit['metric'])} is not declared`);
    if (!Number.isSafeInteger(limit['values'])) add(`${here}.values`, 'expected an integer');
  }
}

function checkOperations(document: Fields, add: Add): void {
  const management = fieldsOf(document['x-google-api-management']);
  const backends = fieldsOf(management['backends']);
  const metrics = fieldsOf(management['metrics']);
  const schemes = fieldsOf(fieldsOf(document['components'])['securitySchemes']);
  const ids = new Set<unknown>();
  for (const { path, verb, operation } of operationsOf(document)) {
    const here = `paths.${path}.${verb}`;
    const id = operation['operationId'];
    if (id === undefined || ids.has(id)) add(`${here}.operationId`, `is missing or not unique: ${String(id)}`);
    ids.add(id);
    // Only whole segments may be parameters.
    if (path.split('/').some((part) => part.includes('{') && !/^\{\w+\}$/.test(part))) add(here, 'partial segment');
    const backend = operation['x-google-backend'] ?? document['x-google-backend'];
    if (typeof backend !== 'string' || !(backend in backends)) add(here, `no backend ${JSON.stringify(backend)}`);
    const security = (operation['security'] ?? document['security'] ?? []) as Fields[];
    for (const name of security.flatMap((one) => Object.keys(one)))
      if (!(name in schemes)) add(here, `no scheme ${name}`);
    const isKey = (one: Fields) => Object.keys(one).some((name) => fieldsOf(schemes[name])['type'] === 'apiKey');
    if (security.length > 1 && security.some(isKey)) add(here, 'alternatives with API keys are not supported');
    for (const metric of Object.keys(fieldsOf(fieldsOf(operation['x-google-quota'])['metricCosts']))) {
      if (!(metric in metrics)) add(`${here}.x-google-quota`, `no metric ${metric}`);
    }
  }
}

function checkSchemes(document: Fields, add: Add): void {
  for (const [name, scheme] of entries(fieldsOf(document['components'])['securitySchemes'])) {
    const here = `components.securitySchemes.${name}`;
    if (scheme['type'] === 'apiKey') {
      const form = `${String(scheme['in'])} ${String(scheme['name'])}`;
      if (!['header x-api-key', 'query key'].includes(form)) add(here, `API keys are not taken from ${form}`);
    } else if (scheme['type'] === 'openIdConnect' || scheme['type'] === 'oauth2') {
      const auth = fieldsOf(scheme['x-google-auth']);
      const known = ['issuer', 'jwksUri', 'audiences', 'jwtLocations'];
      for (const key of Object.keys(auth))
        if (!known.includes(key)) add(`${here}.x-google-auth.${key}`, 'unknown field');
      if (typeof auth['issuer'] !== 'string') add(`${here}.x-google-auth.issuer`, 'is required');
      if (auth['audiences'] !== undefined && !Array.isArray(auth['audiences']))
        add(`${here}.x-google-auth`, 'audiences');
    } else add(here, `unsupported type ${String(scheme['type'])}`);
  }
}

/** A relative URL is a base path, and must begin with a slash. */
function checkServers(document: Fields, add: Add): void {
  const servers = (document['servers'] ?? []) as Fields[];
  for (const { url } of servers)
    if (!/^(?:https?:\/\/|\/)/.test(String(url))) add('servers', `invalid URL ${String(url)}`);
  if (servers.filter((one) => 'x-google-endpoint' in one).length > 1) add('servers', 'more than one x-google-endpoint');
}

const refsIn = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, one]) => (key === '$ref' ? [String(one)] : refsIn(one)));
