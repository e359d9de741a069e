import { createPublicKey, verify } from 'node:crypto';
import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import { childOf, type Policy } from './policy-xml.ts';
import { GatewayRefusal } from './refusal.ts';

const denied = (message: string): GatewayRefusal => new GatewayRefusal(401, message);

/** Executes `validate-jwt`: the issuer's keys come from its OpenID configuration. Throws GatewayRefusal. */
export async function validateJwt(policy: Policy, authorization: string | undefined, now: Date): Promise<void> {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw denied('JWT not present.');
  const [head = '', payload = '', signature = ''] = token.split('.');
  const [header, claims] = [decode(head), decode(payload)];
  const configuration = await fetchJson(childOf(policy, 'openid-config')?.attributes['url'] ?? '');
  const { keys } = await fetchJson(String(configuration['jwks_uri']));
  const key = (keys as Fields[]).find((one) => one['kid'] === header['kid']);
  const signed = Buffer.from(`${head}.${payload}`);
  const isSigned =
    key &&
    header['alg'] === 'RS256' &&
    verify('RSA-SHA256', signed, createPublicKey({ key, format: 'jwk' }), Buffer.from(signature, 'base64url'));
  if (!isSigned) throw denied('Invalid JWT.');
  if (Number(claims['exp']) * 1000 < now.getTime()) throw denied('JWT has expired.');
  const texts = (list: string) => (childOf(policy, list)?.inside ?? []).map(({ text }) => text);
  const issuers = texts('issuers').length > 0 ? texts('issuers') : [String(configuration['issuer'])];
  if (!issuers.includes(String(claims['iss']))) throw denied('Invalid issuer.');
  const given = [claims['aud']].flat().map(String);
  const audiences = texts('audiences');
  if (audiences.length > 0 && !given.some((one) => audiences.includes(one))) throw denied('Invalid audience.');
}

function decode(part: string): Fields {
  try {
    return fieldsOf(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  } catch {
    throw denied('Invalid JWT.');
  }
}

async function fetchJson(url: string): Promise<Fields> {
  const answer = await fetch(url).catch(() => undefined);
  if (!answer?.ok) throw new GatewayRefusal(500, `Unable to get ${url}.`);
  return fieldsOf(await answer.json());
}
