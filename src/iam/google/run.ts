import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import type { TargetOperation } from '../needs.ts';

/**
 * Permissions on Cloud Run, and on Cloud Functions where functions are deployed as such.
 * https://cloud.google.com/run/docs/reference/iam/permissions and https://cloud.google.com/functions/docs/reference/iam/permissions
 */
export function runPermissions(
  { kind, auth, artifactRepository }: GoogleCloudRunSettings,
  operations: readonly TargetOperation[],
): string[] {
  const has = (operation: TargetOperation) => operations.includes(operation);
  const isFunction = kind === 'function';
  return [
    ...(has('look') ? ['run.services.get', 'run.revisions.get', 'run.revisions.list'] : []),
    ...(has('look') && isFunction ? ['cloudfunctions.functions.get'] : []),
    ...(has('make') ? ['run.services.create', 'run.services.update', 'run.operations.get', 'run.routes.invoke'] : []),
    ...(has('make') && isFunction
      ? [
          'cloudfunctions.functions.create',
          'cloudfunctions.functions.update',
          'cloudfunctions.functions.sourceCodeSet',
          'cloudfunctions.operations.get',
        ]
      : []),
    ...(has('make') && artifactRepository
      ? ['artifactregistry.repositories.uploadArtifacts', 'artifactregistry.repositories.downloadArtifacts']
      : []),
    ...(has('place') && auth === 'none' ? ['run.services.getIamPolicy', 'run.services.setIamPolicy'] : []),
    ...(has('clear') ? ['run.revisions.delete'] : []),
    ...(has('remove') ? ['run.services.delete'] : []),
    ...(has('remove') && isFunction ? ['cloudfunctions.functions.delete'] : []),
  ];
}
