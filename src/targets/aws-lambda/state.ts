import type { Api } from '@aws-sdk/client-apigatewayv2';
import type {
  AliasConfiguration,
  FunctionConfiguration,
  FunctionUrlConfig,
  ProvisionedConcurrencyConfigListItem,
} from '@aws-sdk/client-lambda';
import type { Deployed, FunctionView } from '../../rollout/platform.ts';
import type { RestApi } from './rest-calls.ts';

/** A published version; its id is its number. */
export interface LambdaRevision extends Deployed {
  /** The alias that it is a candidate or live by. */
  alias?: string | undefined;
  /** When a sample's version may be removed by any run, ISO 8601. */
  until: string | undefined;
  publishedAt: Date;
  /** Whether the runtime is in Coldgate's layer. */
  hasRuntimeLayer: boolean;
  /** Whether it streams its answers, and the URL that leads to it has to expect that. */
  streams: boolean;
}

/** A function as it was found, by four reading calls; five where it is to have an API. */
export interface FunctionState extends FunctionView<LambdaRevision> {
  arn: string;
  latest: FunctionConfiguration;
  tags: Record<string, string>;
  reserved: number | undefined;
  versions: LambdaRevision[];
  aliases: Map<string, AliasConfiguration>;
  /** By alias. */
  urls: Map<string, FunctionUrlConfig>;
  /** The HTTP API that its tag names as the function's. */
  api: Api | undefined;
  /** The REST API, likewise. */
  restApi: RestApi | undefined;
  /** Instances that are kept warm, by version; read by what is concerned with them. */
  provisioned?: Map<string, ProvisionedConcurrencyConfigListItem>;
}
