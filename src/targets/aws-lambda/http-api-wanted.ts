import { createHash } from 'node:crypto';
import type {
  Cors,
  CreateAuthorizerRequest,
  CreateIntegrationRequest,
  CreateRouteRequest,
  CreateStageRequest,
} from '@aws-sdk/client-apigatewayv2';
import type { AwsLambdaSettings } from '../../config/schema/aws-lambda.ts';
import type { FunctionState } from './state.ts';

/** What an HTTP API is made of, with names in the place of ids. */
export interface WantedApi {
  cors: Cors | undefined;
  integration: Omit<CreateIntegrationRequest, 'ApiId'>;
  authorizer: Omit<CreateAuthorizerRequest, 'ApiId'> | undefined;
  /** Without target and authorizer: those are ids. */
  routes: Omit<CreateRouteRequest, 'ApiId'>[];
  stage: Omit<CreateStageRequest, 'ApiId'>;
  tags: Record<string, string>;
  /** Of all of the above and of who else may invoke the alias: an API that carries it needs no further check. */
  digest: string;
}

/** Longest that API Gateway waits for a function, ms: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const longestMs = 30_000;

/** What an account has unless it asked for more; what a stage goes back to when `throttle` goes from models.yaml. */
const accountThrottle = { rate: 10_000, burst: 5000 };

/** Where a stage writes who called. */
export const accessLogGroup = (name: string): string => `/aws/http-api/${name}`;

const accessLine = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTime',
  ip: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  ms: '$context.responseLatency',
  functionMs: '$context.integrationLatency',
  error: '$context.error.message',
});

const authorizationOf = { iam: 'AWS_IAM', jwt: 'JWT', none: 'NONE' } as const;

/** Everything of the API as the settings have it. Pure. @param cors origins of `handler.cors` */
export function wantedApi(
  settings: AwsLambdaSettings,
  state: Pick<FunctionState, 'arn' | 'name'>,
  cors: readonly string[],
): WantedApi {
  const { auth, jwt, alias, tags = {} } = settings;
  const AuthorizationType = authorizationOf[auth];
  const keys = ['ANY /v1/{proxy+}', 'ANY /v2/{proxy+}', 'GET /v2'];
  const routes = keys.map((RouteKey): WantedApi['routes'][number] => ({ RouteKey, AuthorizationType }));
  // A preflight carries no credentials, so an authorizer would refuse it before API Gateway answers it.
  if (cors.length > 0 && auth !== 'none') routes.push({ RouteKey: 'OPTIONS /{proxy+}', AuthorizationType: 'NONE' });
  const wanted = {
    cors: cors.length > 0 ? corsOf(cors) : undefined,
    integration: {
      IntegrationType: 'AWS_PROXY' as const,
      IntegrationUri: `${state.arn}:${alias}`,
      IntegrationMethod: 'POST',
      PayloadFormatVersion: '2.0',
      TimeoutInMillis: longestMs,
    },
    authorizer: auth === 'jwt' && jwt ? authorizerOf(jwt) : undefined,
    routes,
    stage: stageOf(settings, state),
    tags,
  };
  return {
    ...wanted,
    digest: createHash('sha256')
      .update(JSON.stringify([wanted, settings.batch?.bucket]))
      .digest('hex'),
  };
}

const authorizerOf = (jwt: { issuer: string; audience: string[] }) => ({
  AuthorizerType: 'JWT' as const,
  Name: 'coldgate',
  IdentitySource: ['$request.header.Authorization'],
  JwtConfiguration: { Issuer: jwt.issuer, Audience: jwt.audience },
});

/** As the handler answers where no gateway stands before it. */
const corsOf = (origins: readonly string[]): Cors => ({
  AllowOrigins: [...origins],
  AllowMethods: ['GET', 'HEAD', 'POST', 'OPTIONS'],
  AllowHeaders: [
    'authorization',
    'content-type',
    'accept',
    'x-api-key',
    'x-request-id',
    'x-tensor-shape',
    'traceparent',
  ],
  ExposeHeaders: ['x-request-id', 'x-coldgate-version', 'x-coldgate-sha256', 'x-tensor-name', 'x-tensor-shape'],
  MaxAge: 600,
});

function stageOf(
  { throttle = accountThrottle }: AwsLambdaSettings,
  { arn, name }: Pick<FunctionState, 'arn' | 'name'>,
) {
  const [, partition, , region, account] = arn.split(':');
  return {
    StageName: '$default',
    AutoDeploy: true,
    DefaultRouteSettings: { ThrottlingRateLimit: throttle.rate, ThrottlingBurstLimit: throttle.burst },
    AccessLogSettings: {
      DestinationArn: `arn:${partition}:logs:${region}:${account}:log-group:${accessLogGroup(name)}`,
      Format: accessLine,
    },
  };
}
