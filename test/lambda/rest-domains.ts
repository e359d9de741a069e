import type { RestCall } from './rest-contract.ts';
import { bad, type DomainState, missing, patchesOf, type RestApiState, taken } from './rest-state.ts';
import type { Fields } from './state.ts';

/** Custom domains of the account with what they map. */
export class RestDomains {
  readonly domains = new Map<string, DomainState>();
  /** What API Gateway finds in every trust store. */
  trustWarnings: string[] = [];
  readonly #apis: ReadonlyMap<string, RestApiState>;

  constructor(apis: ReadonlyMap<string, RestApiState>) {
    this.#apis = apis;
  }

  inventory(): string[] {
    return [...this.domains.values()].flatMap(({ fields, mappings }) => [
      `domain ${fields.domainName} ${JSON.stringify(fields['mutualTlsAuthentication'] ?? {})}`,
      ...[...mappings].map(([path, { stage }]) => `mapping ${path} ${String(stage)}`),
    ]);
  }

  /** Domains that lead to an API. */
  names(id: string): string[] {
    return [...this.domains]
      .filter(([, { mappings }]) => [...mappings.values()].some((one) => one['restApiId'] === id))
      .map(([name]) => name);
  }

  do({ operation, labels, body }: RestCall): Fields | undefined {
    if (operation === 'CreateDomainName') return this.#create(body);
    const name = labels[0] ?? '';
    const known = this.domains.get(name);
    if (!known) throw missing('domain name');
    if (operation === 'GetDomainName') return known.fields;
    if (operation === 'UpdateDomainName') return this.#patch(known, body);
    if (operation === 'DeleteDomainName') {
      this.domains.delete(name);
      return undefined;
    }
    return this.#mapping(operation, known, labels[1], body);
  }

  #create(body: Fields): Fields {
    const domainName = String(body['domainName']);
    if (this.domains.has(domainName)) throw bad('The domain name you provided already exists.');
    if (!/^arn:aws:acm:eu-west-1:\d{12}:certificate\//.test(String(body['regionalCertificateArn'])))
      throw bad('Invalid certificate ARN');
    const fields = {
      ...body,
      domainName,
      regionalDomainName: 'd-1a2b.execute-api.eu-west-1.amazonaws.com',
      ...this.#trust(body['mutualTlsAuthentication'] as Fields | undefined),
    };
    delete (fields as Fields)['certificateName'];
    this.domains.set(domainName, { fields, mappings: new Map() });
    return fields;
  }

  #trust(given: Fields | undefined): Fields {
    if (!given?.['truststoreUri']) return {};
    const truststoreWarnings = this.trustWarnings;
    return {
      mutualTlsAuthentication: { ...given, ...(truststoreWarnings.length > 0 && { truststoreWarnings }) },
    };
  }

  #patch({ fields }: DomainState, body: Fields): Fields {
    for (const { op, path, value = '' } of patchesOf(body)) {
      const [, member] = /^\/mutualTlsAuthentication\/(truststoreUri|truststoreVersion)$/.exec(path) ?? [];
      if (op !== 'replace' || !(member || path === '/regionalCertificateArn')) throw bad(`Invalid patch path ${path}`);
      if (member) {
        const trust = { ...(fields['mutualTlsAuthentication'] as Fields | undefined), [member]: value };
        delete fields['mutualTlsAuthentication'];
        Object.assign(fields, this.#trust(trust));
      } else fields['regionalCertificateArn'] = value;
    }
    return fields;
  }

  #mapping(operation: string, { mappings }: DomainState, path: string | undefined, body: Fields): Fields | undefined {
    if (operation === 'GetBasePathMappings') return { item: [...mappings.values()] };
    const basePath = String(path ?? body['basePath'] ?? '(none)');
    const known = mappings.get(basePath);
    if (operation === 'CreateBasePathMapping') {
      if (known) throw taken('Base path already exists for this domain name');
      mappings.set(basePath, this.#checked({ ...body, basePath }));
      return mappings.get(basePath);
    }
    if (!known) throw missing('base path mapping');
    if (operation === 'DeleteBasePathMapping') {
      mappings.delete(basePath);
      return undefined;
    }
    const next = { ...known };
    for (const { path: field, value } of patchesOf(body)) {
      const name = { '/restapiId': 'restApiId', '/stage': 'stage', '/basePath': 'basePath' }[field];
      if (!name) throw bad(`Invalid patch path ${field}`);
      next[name] = value;
    }
    mappings.set(basePath, this.#checked(next));
    return next;
  }

  #checked(mapping: Fields): Fields {
    const stages = this.#apis.get(String(mapping['restApiId']))?.stages;
    if (!stages?.has(String(mapping['stage']))) throw bad('Invalid stage identifier specified');
    return mapping;
  }
}
