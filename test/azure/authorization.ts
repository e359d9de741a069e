import type { ArmApi, ArmRequest } from './arm.ts';
import { refused } from './arm-error.ts';
import type { AzureContext } from './context.ts';
import { Contract } from './contract.ts';
import type { Assignment } from './iam.ts';

interface AssignmentProperties {
  roleDefinitionId?: string;
  principalId?: string;
  principalType?: string;
}

/** Role assignments: https://learn.microsoft.com/rest/api/authorization/role-assignments */
export function authorizationApi(context: AzureContext): ArmApi {
  const { iam } = context;
  const scopeOf = ({ labels }: ArmRequest): string => `/${labels['scope'] ?? ''}`;
  const find = (request: ArmRequest): Assignment | undefined => {
    const { roleAssignmentName = '' } = request.labels;
    const isHere = ({ name, scope }: Assignment): boolean =>
      name.toLowerCase() === roleAssignmentName.toLowerCase() && scope.toLowerCase() === scopeOf(request).toLowerCase();
    return iam.assignments.find(isHere);
  };
  const view = ({ name, scope, oid, roleId }: Assignment) => ({
    ...{ id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`, name },
    type: 'Microsoft.Authorization/roleAssignments',
    properties: {
      ...{ scope, principalId: oid, principalType: 'ServicePrincipal', condition: null },
      roleDefinitionId: `/subscriptions/${context.subscription}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
    },
  });
  const noAssignment = (name = '') =>
    refused(404, 'RoleAssignmentNotFound', `The role assignment '${name}' is not found.`);
  return {
    contract: Contract.read('authorization.2022-04-01.json'),
    operations: {
      roleAssignments_create: {
        answer: (request) => {
          const assignment = assignmentOf(context, request, scopeOf(request));
          const found = find(request);
          if (found && isSame(found, assignment)) return { status: 200, body: view(found) };
          if (found)
            throw refused(
              409,
              'RoleAssignmentUpdateNotPermitted',
              'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
            );
          const other = iam.assignments.find((one) => isSame(one, assignment));
          if (other)
            throw refused(
              409,
              'RoleAssignmentExists',
              `The role assignment already exists. The ID of the conflicting role assignment is ${other.name}.`,
            );
          return { status: 201, body: view(iam.assign(assignment)) };
        },
      },
      roleAssignments_get: {
        answer: (request) => {
          const found = find(request);
          if (!found) throw noAssignment(request.labels['roleAssignmentName']);
          return { status: 200, body: view(found) };
        },
      },
      roleAssignments_delete: {
        answer: (request) => {
          const found = find(request);
          if (!found) return { status: 204 };
          iam.drop(found);
          return { status: 200, body: view(found) };
        },
      },
      roleAssignments_listForScope: {
        answer: (request) => {
          const [, oid] = /^principalId eq '([^']+)'$/.exec(request.query.get('$filter') ?? '') ?? [];
          const own = iam.assignments.filter(({ scope }) => scope.toLowerCase() === scopeOf(request).toLowerCase());
          const named = own.filter((one) => one.roleId !== '' && (oid === undefined || one.oid === oid));
          return { status: 200, body: { value: named.map(view) } };
        },
      },
    },
  };
}

/** What a request asks for. Throws ArmError for what Azure does not take. */
function assignmentOf(context: AzureContext, { labels, body }: ArmRequest, scope: string): Omit<Assignment, 'unseen'> {
  const { roleDefinitionId = '', principalId = '', principalType } = (body['properties'] ?? {}) as AssignmentProperties;
  const name = labels['roleAssignmentName'] ?? '';
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name)) {
    throw refused(
      400,
      'InvalidRoleAssignmentId',
      `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID.`,
    );
  }
  const [, roleId = ''] = /\/roleDefinitions\/([^/]+)$/i.exec(roleDefinitionId) ?? [];
  const role = context.iam.roleOf(roleId);
  if (!role)
    throw refused(
      404,
      'RoleDefinitionDoesNotExist',
      `The specified role definition with ID '${roleId}' does not exist.`,
    );
  const isKnown = context.iam.find(principalId) !== undefined;
  if (!isKnown || (principalType === undefined && !context.knobs.lenient)) {
    throw refused(
      400,
      'PrincipalNotFound',
      `Principal ${principalId} does not exist in the directory ${context.tenant}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.`,
    );
  }
  return { name, scope, oid: principalId, roleId, role };
}

const isSame = (one: Omit<Assignment, 'unseen'>, other: Omit<Assignment, 'unseen'>): boolean =>
  one.oid === other.oid && one.roleId === other.roleId && one.scope.toLowerCase() === other.scope.toLowerCase();
