import { createSign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { LoadError } from '../../model/load-error.ts';
import { askEndpoint, endpointUrl, textFields } from './endpoint.ts';
import { readToken } from './google-token.ts';
import type { Bearer } from './renewed.ts';

const scope = 'https://www.googleapis.com/auth/devstorage.read_only';

const variable = 'GOOGLE_APPLICATION_CREDENTIALS';

/**
 * A token for the service account whose JSON key is in the file, by a signed assertion (RFC 7523,
 * https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests).
 */
export async function fromServiceAccountKey(file: string, now: number): Promise<Bearer> {
  const json = await readKey(file);
  const { type } = textFields(variable, json, ['type']);
  if (type !== 'service_account') {
    throw new LoadError('store-denied', `${variable}: expected a key of the type service_account in the file.`);
  }
  const key = textFields(variable, json, ['client_email', 'private_key', 'private_key_id', 'token_uri']);
  const url = endpointUrl(`token_uri of ${variable}`, key.token_uri);
  const seconds = Math.floor(now / 1000);
  const claims = { iss: key.client_email, scope, aud: key.token_uri, iat: seconds, exp: seconds + 3600 };
  const parts = [{ alg: 'RS256', typ: 'JWT', kid: key.private_key_id }, claims];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const assertion = `${text}.${sign(text, key.private_key)}`;
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const name = `The token service of ${variable}`;
  return readToken(name, await askEndpoint(name, { method: 'POST', url, headers, body }), now);
}

async function readKey(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new LoadError('store-denied', `The file that ${variable} names cannot be read (${code}).`, error);
  }
}

function sign(text: string, privateKey: string): string {
  try {
    return createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url');
  } catch {
    // OpenSSL's message about a key is not repeated.
    throw new LoadError('store-denied', `The private_key in the file of ${variable} is not a PEM key.`);
  }
}
