import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import { issuer, type JobRole, jobName, jobSubject } from '../github.ts';
import type { Subject } from '../subject.ts';

/** The job's identity: a managed one without any secret, which takes GitHub's tokens of one subject. Sets PRINCIPAL. */
export function jobIdentity(subject: Subject, role: JobRole, group: string): string[] {
  const sub = jobSubject(role, subject);
  if (sub === undefined) return ['PRINCIPAL="${PRINCIPAL:?object id of who gets this}"'];
  const name = jobName(role, subject.environment);
  return [
    `az identity create --name ${name} --resource-group ${group}`,
    `az identity federated-credential create --name github --identity-name ${name} --resource-group ${group} --issuer https://${issuer} --subject ${sub} --audiences api://AzureADTokenExchange`,
    `PRINCIPAL="$(az identity show --name ${name} --resource-group ${group} --query principalId --output tsv)"`,
  ];
}

/** Subscription, group and name in the id of an identity. */
export function identityParts(id: string): { subscription: string; group: string; name: string } {
  const [, , subscription = '', , group = '', , , , name = ''] = id.split('/');
  return { subscription, group, name };
}

/** The identity that an app is given, made where it is missing. Sets PRINCIPAL. */
export function appIdentity({ identity, location }: AzureFunctionsSettings): string[] {
  const { subscription, group, name } = identityParts(identity);
  return [
    `az identity create --name ${name} --resource-group ${group} --subscription ${subscription} --location ${location}`,
    `PRINCIPAL="$(az identity show --ids ${identity} --query principalId --output tsv)"`,
  ];
}
