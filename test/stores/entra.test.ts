import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { entraCredential } from '../../src/stores/entra.ts';
import { lacksPrograms } from '../emulators/commands.ts';
import { describePart } from '../emulators/servers.ts';
import { trustedCertificate } from '../fakes/stores/certificate.ts';

const tenant = '33333333-dddd-4eee-8fff-444444444444';
const client = '11111111-2222-4333-8444-555555555555';

describePart('openssl', lacksPrograms('openssl'), 'a job on GitHub that is an identity at Azure', () => {
  const servers: Server[] = [];
  /** What GitHub was asked for, and what Entra ID was shown. */
  let scopes: string[];
  let shown: (string | null)[];
  let refuses: boolean;
  let variables: Record<string, string>;
  let authorityHost: string;

  async function listen(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }
  const bodyOf = async (request: IncomingMessage): Promise<URLSearchParams> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return new URLSearchParams(Buffer.concat(chunks).toString());
  };

  beforeEach(async () => {
    [scopes, shown, refuses] = [[], [], false];
    const github = createServer((request, response) => {
      scopes.push(`${request.headers.authorization} ${request.url}`);
      response.writeHead(refuses ? 403 : 200).end(JSON.stringify({ value: `assertion-${scopes.length}` }));
    });
    const entra = createSecure(trustedCertificate(), async (request, response) => {
      const at = `https://127.0.0.1:${(entra.address() as AddressInfo).port}/${tenant}`;
      response.setHeader('content-type', 'application/json');
      if (request.url?.includes('.well-known')) {
        const endpoints = { token_endpoint: `${at}/oauth2/v2.0/token`, authorization_endpoint: `${at}/authorize` };
        return void response.end(JSON.stringify({ ...endpoints, issuer: `${at}/v2.0`, jwks_uri: `${at}/keys` }));
      }
      shown.push((await bodyOf(request)).get('client_assertion'));
      const token = { access_token: `token-${shown.length}`, expires_in: 1, token_type: 'Bearer' };
      response.end(JSON.stringify(token));
    });
    const port = await listen(github);
    authorityHost = `https://127.0.0.1:${await listen(entra)}`;
    variables = {
      ...{ AZURE_CLIENT_ID: client, AZURE_TENANT_ID: tenant, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret' },
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
    };
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  const open = () => entraCredential(variables, { authorityHost, disableInstanceDiscovery: true });

  it('asks GitHub again for each token that it needs, so that a run may outlive its first', async () => {
    const credential = await open();
    const first = await credential.getToken('https://storage.azure.com/.default');
    // Entra's token ends at once here.
    const second = await credential.getToken('https://storage.azure.com/.default');
    expect([first?.token, second?.token]).toEqual(['token-1', 'token-2']);
    expect(shown).toEqual([expect.stringMatching(/^assertion-/), expect.stringMatching(/^assertion-/)]);
    expect(shown[0]).not.toBe(shown[1]);
    expect(scopes[0]).toBe('Bearer secret /token?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange');
  });

  it('says what the job lacks where GitHub gives none', async () => {
    refuses = true;
    const credential = await open();
    await expect(credential.getToken('https://storage.azure.com/.default')).rejects.toThrow(/id-token: write/);
    expect(shown).toEqual([]);
  });

  it.each(['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'ACTIONS_ID_TOKEN_REQUEST_URL'])(
    'leaves it to the chain of the library without %s',
    async (name) => {
      const credential = await entraCredential({ ...variables, [name]: '' });
      expect(credential.constructor.name).toBe('DefaultAzureCredential');
      expect(scopes).toEqual([]);
    },
  );
});
