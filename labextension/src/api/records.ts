// What the server part answers. It builds these from the same records as the notebook's faces.

export interface IRecent {
  requests_per_second?: number;
  requests?: number;
  errors?: number;
  p50_ms?: number | null;
  p95_ms?: number | null;
  seconds?: number;
  /** Requests of each of the last seconds, oldest first. */
  counts?: number[];
}

export interface IService {
  name: string;
  created: number;
  state: string;
  reason: string;
  scoring_uri: string;
  script: string;
  image: string;
  models: string[];
  captured: Record<string, string>;
  target: string;
  replicas: number;
  workers: unknown[];
  auth: string;
  environment: { name?: string; version?: number | string | null };
  generation: number;
  restarts: number;
  requests: number;
  recent: IRecent;
  uptime_seconds: number;
  tags: Record<string, string>;
  description: string;
}

export interface IModel {
  name: string;
  latest: number;
  versions: number;
  framework: string;
  framework_version: string;
  size: number;
  tags: Record<string, string>;
  description: string;
  created: string;
  used_by: string[];
}

/** What a router has counted of a deployment since it was started. */
export interface INumbers {
  requests?: number;
  failed?: number;
  mirrored?: number;
  p50_ms?: number | null;
  p95_ms?: number | null;
}

export interface IDeployment {
  name: string;
  endpoint: string;
  state: string;
  reason: string;
  traffic: number;
  mirror: number;
  /** The names of the services that serve it. */
  instances: string[];
  wanted: number;
  /** Whether it has no instance, because no request has come for a while. */
  sleeps?: boolean;
  script: string;
  image: string;
  models: string[];
  target: string;
  /** Bounds between which the number of instances follows the requests. */
  scaling?: { least: number; most: number } | null;
  numbers: INumbers;
}

/** What was seen of one version since a step of a rollout began; times in seconds. */
export interface ISeen {
  requests: number;
  errors: number;
  p95: number | null;
}

export interface IRollout {
  endpoint: string;
  new: string;
  old: string;
  state: string;
  reason: string;
  /** The new version's percent of the traffic. */
  share: number;
  /** The percent of requests that are copied to it before the first step. */
  mirrors: number;
  step: number;
  /** Seconds that the step lasts at least. */
  left: number;
  plan: { steps: number[] };
  seen: { new?: ISeen; old?: ISeen; compared?: number; agreement?: number | null; drift?: number | null };
  history: { time: number; event: string; share: number; reason: string }[];
}

export interface IEndpoint {
  name: string;
  state: string;
  reason: string;
  scoring_uri: string;
  auth: string;
  /** Percent by deployment, also where that is 0, oldest first. */
  traffic: Record<string, number>;
  mirror: Record<string, number>;
  deployments: IDeployment[];
  /** The one that runs, or the last one that has ended. */
  last_rollout?: IRollout | null;
  tags: Record<string, string>;
  description: string;
}

export interface IOverview {
  revision: number;
  home: string;
  workspace: string;
  models: IModel[];
  services: IService[];
  endpoints: IEndpoint[];
  scripts: string[];
}

export interface IVersion {
  id: string;
  name: string;
  version: number;
  framework: string;
  framework_version: string;
  size: number;
  tags: Record<string, string>;
  properties: Record<string, string>;
  description: string;
  created: string;
  used_by: string[];
}

export interface IModelDetails {
  name: string;
  versions: IVersion[];
}

/** A field of the invoke form; one with `of` is a column of that parameter. */
export interface IField {
  name: string;
  of: string;
  kind: string;
  hint: string;
  value: string;
  /** What it may be, as JSON; empty where it may be anything of its kind. */
  choices?: string[];
}

export interface IDeployed {
  /** Seconds since 1970. */
  at: number;
  action: string;
  sentence: string;
}

/** What a form needs to send a request to an endpoint. */
export interface IForm {
  fields: IField[];
  sample: string;
}

export interface IServiceDetails {
  fields: IField[];
  sample: string;
  history: IDeployed[];
  failure: { message: string; hint: string; lines: string[] } | null;
  limits: Record<string, unknown>;
}

export interface ILogLine {
  level: string;
  text: string;
}

export interface ILogPage {
  lines: ILogLine[];
  /** Where the first of them begins. */
  start: number;
  offset: number;
  more: boolean;
  rotated: boolean;
  /** Which file it was read from: the next request says so, and misses nothing of a file that was moved away. */
  file: string;
}

export interface IInfo {
  version: string;
  protocol: number;
  python: string;
  home: string;
  problems: IProblem[];
}

/** What a cell has shown, as it is now. */
export interface IFace {
  html: string;
  said: string;
}

export interface IKeys {
  primary: string;
  secondary: string;
}

/** What a verb came to. */
export interface IOutcome {
  value: unknown;
  sentence: string;
  /** What the command line prints. */
  text: string;
  /** A service's answer as JSON, with all digits of its numbers; empty for what is no answer. */
  written: string;
  notes: string[];
}

/** An argument of a verb, as the server describes it; `why_not` says why the panel does not have it. */
export interface IArgument {
  name: string;
  help: string;
  kind: 'flag' | 'integer' | 'number' | 'text';
  many: boolean;
  required: boolean;
  choices: string[];
  metavar: string;
  why_not: string;
}

export interface IVerb {
  name: string;
  help: string;
  why_not: string;
  arguments: IArgument[];
}

export interface IProblem {
  code: string;
  message: string;
  hint: string;
  command: string;
  lines: string[];
}

export interface IJob {
  id: string;
  state: string;
  stage: string;
  value: unknown;
  sentence: string;
  error: IProblem | null;
}
