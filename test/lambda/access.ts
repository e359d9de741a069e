import type { Operation } from './functions.ts';
import { conflict, invalid, notFound, ServiceError } from './service-error.ts';
import {
  type Account,
  type Alias,
  checkName,
  checkRevision,
  type Fields,
  functionArn,
  type LambdaFunction,
  type Statement,
  touch,
  type Weights,
} from './state.ts';

/** Aliases point to published versions, two at most, by weights that leave something for the first. */
function checkTargets(found: LambdaFunction, alias: Alias['configuration']): void {
  const weights = (alias.RoutingConfig?.AdditionalVersionWeights ?? {}) as Weights;
  if (Object.keys(weights).length > 1) throw invalid('At most one additional version');
  for (const number of [alias.FunctionVersion, ...Object.keys(weights)]) {
    if (!found.versions.has(number)) throw notFound(`Function: ${functionArn(found.name, number)}`);
    if (weights[number] !== undefined && number === alias.FunctionVersion) throw invalid('the same version twice');
  }
  for (const weight of Object.values(weights))
    if (!(weight >= 0 && weight <= 1)) throw invalid('a weight is from 0 to 1');
}

const createAlias: Operation = (all, input) => {
  const found = all.find(input['FunctionName']);
  const { FunctionName: _, Tags: __, ...given } = input as Alias['configuration'];
  const name = String(given['Name']);
  checkName(name, 128);
  if (found.aliases.has(name)) throw conflict(`Alias already exists: ${functionArn(found.name, name)}`);
  checkTargets(found, given);
  const configuration = { AliasArn: functionArn(found.name, name), Description: '', ...given };
  touch(configuration);
  found.aliases.set(name, { configuration });
  return configuration;
};

const updateAlias: Operation = (all, input) => {
  const found = all.find(input['FunctionName']);
  const alias = all.alias(found.name, input['Name']);
  checkRevision(alias.configuration, input['RevisionId']);
  const { FunctionName: _, RevisionId: __, ...given } = input;
  const next = { ...alias.configuration, ...given } as Alias['configuration'];
  checkTargets(found, next);
  touch(next);
  alias.configuration = next;
  return next;
};

const deleteAlias: Operation = (all, input) => {
  const found = all.find(input['FunctionName']);
  const name = String(input['Name']);
  // Deleting what is gone succeeds. The URL and the policy of the name stay behind, which is the stricter of what the
  // documentation leaves open.
  found.aliases.delete(name);
  return undefined;
};

/** A URL belongs to the function or to an alias, never to a version. */
function urlPlace(all: Account, input: Fields): [LambdaFunction, string] {
  const found = all.find(input['FunctionName']);
  const qualifier = String(input['Qualifier'] ?? '');
  if (/^\d+$/.test(qualifier)) throw invalid('Qualifier must be an alias');
  return [found, qualifier];
}

const createUrl: Operation = (all, input) => {
  const [found, qualifier] = urlPlace(all, input);
  all.checkQualifier(found, qualifier);
  if (found.urls.has(qualifier)) throw conflict(`Failed to create function url config for ${qualifier}: exists`);
  const url: Fields = {
    FunctionUrl: all.urlOf(found.name, qualifier),
    FunctionArn: functionArn(found.name, qualifier),
    AuthType: input['AuthType'],
    InvokeMode: input['InvokeMode'] ?? 'BUFFERED',
    ...(input['Cors'] !== undefined && { Cors: input['Cors'] }),
    CreationTime: all.now().toISOString(),
  };
  found.urls.set(qualifier, url);
  return url;
};

const existingUrl = (all: Account, input: Fields): Fields => {
  const [found, qualifier] = urlPlace(all, input);
  const url = found.urls.get(qualifier);
  if (!url) throw notFound(`Function url config: ${functionArn(found.name, qualifier)}`);
  return url;
};

const withTime = (url: Fields): Fields => ({ ...url, LastModifiedTime: url['CreationTime'] });

const addPermission: Operation = (all, input) => {
  const found = all.find(input['FunctionName']);
  const qualifier = String(input['Qualifier'] ?? '');
  all.checkQualifier(found, qualifier);
  const statements = found.policies.get(qualifier) ?? [];
  const Sid = String(input['StatementId']);
  if (statements.some((one) => one.Sid === Sid)) {
    throw conflict(
      `The statement id (${Sid}) provided already exists. Please provide a new statement id, or remove it.`,
    );
  }
  const forUrl = input['Action'] === 'lambda:InvokeFunctionUrl';
  if (forUrl !== (input['FunctionUrlAuthType'] !== undefined))
    throw invalid('FunctionUrlAuthType goes with InvokeFunctionUrl');
  const StringEquals = {
    ...(forUrl && { 'lambda:FunctionUrlAuthType': input['FunctionUrlAuthType'] }),
    ...(input['SourceAccount'] !== undefined && { 'AWS:SourceAccount': input['SourceAccount'] }),
  };
  const Bool = { ...(input['InvokedViaFunctionUrl'] === true && { 'lambda:InvokedViaFunctionUrl': 'true' }) };
  const ArnLike = { ...(input['SourceArn'] !== undefined && { 'AWS:SourceArn': input['SourceArn'] }) };
  const Condition = { ...(forUrl && { StringEquals }), ...(Object.keys(Bool).length > 0 && { Bool }), ArnLike };
  const statement: Statement = {
    Sid,
    Effect: 'Allow',
    Principal: input['Principal'] === '*' ? '*' : { Service: input['Principal'] },
    Action: String(input['Action']),
    Resource: functionArn(found.name, qualifier),
    Condition,
  };
  found.policies.set(qualifier, [...statements, statement]);
  return { Statement: JSON.stringify(statement) };
};

const removePermission: Operation = (all, input) => {
  const found = all.find(input['FunctionName']);
  const qualifier = String(input['Qualifier'] ?? '');
  const statements = found.policies.get(qualifier) ?? [];
  const left = statements.filter(({ Sid }) => Sid !== input['StatementId']);
  if (left.length === statements.length) throw notFound(`Statement ${String(input['StatementId'])}`);
  if (left.length > 0) found.policies.set(qualifier, left);
  else found.policies.delete(qualifier);
  return undefined;
};

const getPolicy: Operation = (all, input) => {
  const found = all.find(input['FunctionName']);
  const statements = found.policies.get(String(input['Qualifier'] ?? ''));
  if (!statements) throw notFound(`The resource you requested does not exist.`);
  return {
    Policy: JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements }),
    RevisionId: 'policy',
  };
};

function provisionedPlace(all: Account, input: Fields): [LambdaFunction, string] {
  const found = all.find(input['FunctionName']);
  const qualifier = String(input['Qualifier']);
  if (qualifier === '$LATEST') throw invalid('$LATEST takes no provisioned concurrency');
  all.checkQualifier(found, qualifier);
  return [found, qualifier];
}

const getProvisioned: Operation = (all, input) => {
  const [found, qualifier] = provisionedPlace(all, input);
  const given = found.provisioned.get(qualifier);
  if (!given)
    throw new ServiceError('ProvisionedConcurrencyConfigNotFoundException', 404, 'No Provisioned Concurrency Config');
  const { requested, pending } = given;
  if (all.provisioningFails !== undefined) {
    return {
      RequestedProvisionedConcurrentExecutions: requested,
      Status: 'FAILED',
      StatusReason: all.provisioningFails,
    };
  }
  if (pending > 0) given.pending--;
  const ready = pending > 0 ? 0 : requested;
  const counts = { AllocatedProvisionedConcurrentExecutions: ready, AvailableProvisionedConcurrentExecutions: ready };
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    ...counts,
    Status: pending > 0 ? 'IN_PROGRESS' : 'READY',
  };
};

const arnName = (arn: unknown): string => String(arn).split(':')[6] ?? '';

export const accessOperations: Record<string, Operation> = {
  CreateAlias: createAlias,
  UpdateAlias: updateAlias,
  DeleteAlias: deleteAlias,
  GetAlias: (all, input) => all.alias(input['FunctionName'], input['Name']).configuration,
  ListAliases: (all, input) => ({
    Aliases: [...all.find(input['FunctionName']).aliases.values()].map(({ configuration }) => configuration),
  }),
  CreateFunctionUrlConfig: createUrl,
  GetFunctionUrlConfig: (all, input) => withTime(existingUrl(all, input)),
  UpdateFunctionUrlConfig: (all, input) => {
    const url = existingUrl(all, input);
    for (const name of ['AuthType', 'InvokeMode', 'Cors']) if (input[name] !== undefined) url[name] = input[name];
    return withTime(url);
  },
  DeleteFunctionUrlConfig: (all, input) => {
    existingUrl(all, input);
    const [found, qualifier] = urlPlace(all, input);
    found.urls.delete(qualifier);
    return undefined;
  },
  ListFunctionUrlConfigs: (all, input) => ({
    FunctionUrlConfigs: [...all.find(input['FunctionName']).urls.values()].map(withTime),
  }),
  AddPermission: addPermission,
  RemovePermission: removePermission,
  GetPolicy: getPolicy,
  PutFunctionConcurrency: (all, input) => {
    const found = all.find(input['FunctionName']);
    found.reserved = Number(input['ReservedConcurrentExecutions']);
    return { ReservedConcurrentExecutions: found.reserved };
  },
  DeleteFunctionConcurrency: (all, input) => {
    all.find(input['FunctionName']).reserved = undefined;
    return undefined;
  },
  PutProvisionedConcurrencyConfig: (all, input) => {
    const [found, qualifier] = provisionedPlace(all, input);
    found.provisioned.set(qualifier, {
      requested: Number(input['ProvisionedConcurrentExecutions']),
      pending: all.looks,
    });
    return {
      RequestedProvisionedConcurrentExecutions: found.provisioned.get(qualifier)?.requested,
      Status: 'IN_PROGRESS',
    };
  },
  GetProvisionedConcurrencyConfig: getProvisioned,
  ListProvisionedConcurrencyConfigs: (all, input) => ({
    ProvisionedConcurrencyConfigs: [...all.find(input['FunctionName']).provisioned].map(
      ([number, { requested, pending }]) => ({
        FunctionArn: functionArn(String(input['FunctionName']), number),
        RequestedProvisionedConcurrentExecutions: requested,
        Status: pending > 0 ? 'IN_PROGRESS' : 'READY',
      }),
    ),
  }),
  DeleteProvisionedConcurrencyConfig: (all, input) => {
    const [found, qualifier] = provisionedPlace(all, input);
    found.provisioned.delete(qualifier);
    return undefined;
  },
  TagResource: (all, input) => {
    Object.assign(all.find(arnName(input['Resource'])).tags, input['Tags']);
    return undefined;
  },
  UntagResource: (all, input) => {
    for (const key of input['TagKeys'] as string[]) delete all.find(arnName(input['Resource'])).tags[key];
    return undefined;
  },
  ListTags: (all, input) => ({ Tags: all.find(arnName(input['Resource'])).tags }),
};
