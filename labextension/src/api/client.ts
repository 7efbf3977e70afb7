// Requests to the server part of the extension. What goes wrong becomes a Problem, which the panel can show.

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { translation } from '../translation';
import type {
  IFace,
  IForm,
  IInfo,
  IJob,
  IKeys,
  ILogPage,
  IModelDetails,
  IOutcome,
  IOverview,
  IProblem,
  IServiceDetails,
  IVerb
} from './records';

/** What a proxy, such as JupyterHub's, answers for a server that is not there. */
const ABSENT = new Set([424, 502, 503, 504]);
/** How documents name an endpoint. */
export const ENDPOINT = 'endpoint/';
const NAMESPACE = 'jupyter-model-deploy/api';

/** Why there is no answer: no server, no server part in it, or an answer that says no. */
export type Why = 'unreachable' | 'missing' | 'refused';

export class Problem extends Error implements IProblem {
  constructor(
    readonly why: Why,
    message: string,
    readonly hint = '',
    readonly command = '',
    readonly lines: string[] = [],
    readonly code = '',
    readonly status = 0
  ) {
    super(message);
  }
}

function object(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function unreachable(status = 0): Problem {
  const trans = translation();
  const message = trans.__('The Jupyter server does not answer.');
  return new Problem('unreachable', message, trans.__('Is it still running?'), '', [], '', status);
}

function refusal(response: Response, text: string): Problem {
  const trans = translation();
  let told: Record<string, unknown> = {};
  try {
    told = object(JSON.parse(text));
  } catch {
    // Some other program's page: its HTML is of no use here.
  }
  if (typeof told.code !== 'string' || typeof told.message !== 'string') {
    if (response.status === 404) {
      return new Problem('missing', trans.__('The server part of this extension does not answer.'), '', '', [], '', 404);
    }
    if (ABSENT.has(response.status)) {
      return unreachable(response.status);
    }
    const said = typeof told.message === 'string' ? told.message : response.statusText;
    const login = response.status === 403 || response.status === 401;
    return new Problem(
      'refused',
      trans.__('The Jupyter server answered %1: %2.', response.status, said || trans.__('no reason was given')),
      login ? trans.__('Reload this page to log in again.') : trans.__('The log of the Jupyter server may say more.'),
      '',
      [],
      '',
      response.status
    );
  }
  const lines = Array.isArray(told.lines) ? told.lines.map(String) : [];
  const [hint, command] = [String(told.hint ?? ''), String(told.command ?? '')];
  return new Problem('refused', told.message, hint, command, lines, told.code, response.status);
}

/** Read an answer as JSON; the page of another program, such as a proxy's login, is none. */
async function read(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    const trans = translation();
    const message = trans.__("The answer is not from the panel's server part.");
    const hint = trans.__('Reload this page to log in again; a proxy may have answered in place of the Jupyter server.');
    throw new Problem('refused', message, hint, '', [], '', response.status);
  }
}

export class Client {
  constructor(readonly settings: ServerConnection.ISettings) {}

  info(): Promise<IInfo> {
    return this._get('info');
  }

  overview(): Promise<IOverview> {
    return this._get('overview');
  }

  /** Say that a visible page listens; returns how far the server's feed is. */
  async listening(): Promise<number> {
    const response = await this._ask('listening', { method: 'POST', body: '{}' });
    return ((await read(response)) as { revision: number }).revision;
  }

  model(name: string): Promise<IModelDetails> {
    return this._get(`models/${encodeURIComponent(name)}`);
  }

  service(name: string): Promise<IServiceDetails> {
    return this._get(`services/${encodeURIComponent(name)}`);
  }

  /** Ask for a face as it is now; empty HTML leaves the saved one. */
  async face(kind: string, of: Record<string, unknown>): Promise<IFace> {
    const response = await this._ask(`faces/${encodeURIComponent(kind)}`, { method: 'POST', body: JSON.stringify(of) });
    return (await read(response)) as IFace;
  }

  /** Ask what a request to an endpoint may hold; with a deployment, to that one. */
  endpoint(name: string, deployment: string): Promise<IForm> {
    return this._get(`endpoints/${encodeURIComponent(name)}?deployment=${encodeURIComponent(deployment)}`);
  }

  keys(kind: 'service' | 'endpoint', name: string): Promise<IKeys> {
    return this._get(`${kind}s/${encodeURIComponent(name)}/keys`);
  }

  log(name: string, offset: number, limit: number, file: string): Promise<ILogPage> {
    const query = `offset=${offset}&limit=${limit}&file=${encodeURIComponent(file)}`;
    return this._get(`${placeOf(name)}/log?${query}`);
  }

  /** Ask for the lines that end at an offset. */
  earlierLog(name: string, before: number, limit: number): Promise<ILogPage> {
    return this._get(`${placeOf(name)}/log?before=${before}&limit=${limit}`);
  }

  async wholeLog(name: string): Promise<Blob> {
    const response = await this._ask(`${placeOf(name)}/log/download`);
    return response.blob();
  }

  verbs(): Promise<IVerb[]> {
    return this._get('verbs');
  }

  /** Start a verb; the answer is what it came to, or the job that runs it. */
  async verb(
    name: string,
    args: Record<string, unknown>,
    confirmed = false
  ): Promise<{ outcome: IOutcome } | { job: string }> {
    const body = JSON.stringify({ arguments: args, confirmed });
    const response = await this._ask(`verbs/${encodeURIComponent(name)}`, { method: 'POST', body });
    const told = object(await read(response));
    if (response.status === 202) {
      const job = told.job;
      return { job: typeof job === 'string' ? job : String(object(job).id) };
    }
    return { outcome: outcomeOf(told) };
  }

  async job(id: string): Promise<IJob> {
    const told = await this._get<IJob>(`jobs/${encodeURIComponent(id)}`);
    return { ...told, ...outcomeOf(object(told)) } as IJob;
  }

  async cancel(id: string): Promise<void> {
    await this._ask(`jobs/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  private async _get<T>(path: string): Promise<T> {
    const response = await this._ask(path);
    return (await read(response)) as T;
  }

  private async _ask(path: string, init: RequestInit = {}): Promise<Response> {
    const url = URLExt.join(this.settings.baseUrl, NAMESPACE, path);
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch {
      throw unreachable();
    }
    if (!response.ok) {
      throw refusal(response, await response.text());
    }
    return response;
  }
}

/** The name of the endpoint in a document's name; empty for a service's. No service has a name with a slash. */
export function endpointIn(name: string): string {
  return name.startsWith(ENDPOINT) ? name.slice(ENDPOINT.length) : '';
}

function placeOf(name: string): string {
  const endpoint = endpointIn(name);
  return endpoint ? `endpoints/${encodeURIComponent(endpoint)}` : `services/${encodeURIComponent(name)}`;
}

function outcomeOf(told: Record<string, unknown>): IOutcome {
  return {
    value: told.value ?? null,
    sentence: typeof told.sentence === 'string' ? told.sentence : '',
    text: typeof told.text === 'string' ? told.text : '',
    written: typeof told.written === 'string' ? told.written : '',
    notes: Array.isArray(told.notes) ? told.notes.map(String) : []
  };
}

/** Turn whatever was thrown into a Problem; an error of this code says what it is. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) {
    return error;
  }
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  console.error(error);
  const trans = translation();
  const hint = trans.__('Reload this page. The console of the browser says more.');
  return new Problem('refused', trans.__('The panel has failed: %1', said), hint);
}
