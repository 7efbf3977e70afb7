// A form that sends a request to a service, with the requests before it.

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import * as React from 'react';
import { endpointIn, problemOf, type Problem } from '../api/client';
import type { IField, IForm, IOutcome, IServiceDetails } from '../api/records';
import { useParts, useSignal, type IContext } from '../context';
import { Button, CopyButton, ProblemView, State } from '../panel/parts';
import { milliseconds, moment, NOTHING } from '../text';
import { ViewingWidget } from '../viewing';
import { bodyOf, MISSING, valuesFrom } from './request';

const HISTORY = 20;
// Characters. Longer requests are in the history only until the page is loaded again.
const LONGEST_KEPT = 100_000;
// Characters of an answer that are on the page; all of it can be copied.
const SHOWN = 100_000;

interface ISent {
  body: string;
  at: string;
  said: string;
  ok: boolean;
}

export class InvokeView extends ViewingWidget {
  constructor(
    context: IContext,
    readonly service: string
  ) {
    super(context);
    this.addClass('jp-ModelDeploy');
    this.addClass('jp-ModelDeploy-invoke');
  }

  protected body(): JSX.Element {
    return <Invoke service={this.service} />;
  }
}

function Invoke({ service }: { service: string }): JSX.Element {
  const endpoint = endpointIn(service);
  return endpoint ? <InvokeEndpoint name={endpoint} place={service} /> : <InvokeService service={service} />;
}

/** An endpoint answers by its rules, or the deployment that is chosen does. */
function InvokeEndpoint({ name, place }: { name: string; place: string }): JSX.Element {
  const { store, trans } = useParts();
  useSignal(store.changed);
  const id = React.useId();
  const [chosen, choose] = React.useState('');
  const [form, setForm] = React.useState<IForm | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const facts = store.overview?.endpoints.find(one => one.name === name);
  const names = facts?.deployments.map(one => one.name) ?? [];
  const deployment = names.includes(chosen) ? chosen : '';
  // Another rule, or another version of what is deployed, may take something else.
  const known = JSON.stringify(facts?.deployments.map(one => [one.name, one.state, one.traffic, one.instances]));
  const load = React.useCallback(async () => {
    try {
      setForm(await store.client.endpoint(name, deployment));
      setProblem(null);
    } catch (error) {
      setProblem(problemOf(error));
    }
  }, [store, name, deployment]);
  React.useEffect(() => void load(), [load, known]);
  return (
    <div className="jp-ModelDeploy-page">
      <div className="jp-ModelDeploy-title">
        <b>{name}</b>
        {facts && <State state={facts.state} />}
        {facts?.scoring_uri && <code>{facts.scoring_uri}</code>}
      </div>
      {store.overview && !facts && <p role="status">{trans.__('There is no endpoint %1 any more.', name)}</p>}
      <div className="jp-ModelDeploy-fieldrow">
        <label htmlFor={id}>{trans.__('Answered by')}</label>
        <select id={id} className="jp-ModelDeploy-field" value={deployment} onChange={event => choose(event.target.value)}>
          <option value="">{trans.__('whom the rules choose')}</option>
          {facts?.deployments.map(one => (
            <option key={one.name} value={one.name}>
              {trans.__('%1, whatever the rules are (%2 %)', one.name, one.traffic)}
            </option>
          ))}
        </select>
      </div>
      {problem && (
        <>
          <ProblemView problem={problem} />
          <Button label={trans.__('Reload')} press={() => void load()} />
        </>
      )}
      {form && <Form service={name} place={place} deployment={deployment} fields={form.fields} sample={form.sample} />}
    </div>
  );
}

function InvokeService({ service }: { service: string }): JSX.Element {
  const { store, trans } = useParts();
  useSignal(store.changed);
  const [details, setDetails] = React.useState<IServiceDetails | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const facts = store.overview?.services.find(one => one.name === service);
  const load = React.useCallback(async () => {
    try {
      setDetails(await store.client.service(service));
      setProblem(null);
    } catch (error) {
      setProblem(problemOf(error));
    }
  }, [store, service]);
  // Another version of the script may take something else.
  React.useEffect(() => void load(), [load, facts?.generation, facts?.state]);
  return (
    <div className="jp-ModelDeploy-page">
      <div className="jp-ModelDeploy-title">
        <b>{service}</b>
        {facts && <State state={facts.state} />}
        {facts?.scoring_uri && <code>{facts.scoring_uri}</code>}
      </div>
      {store.overview && !facts && !problem && <p role="status">{trans.__('There is no service %1 any more.', service)}</p>}
      {problem && (
        <>
          <ProblemView problem={problem} />
          <Button label={trans.__('Reload')} press={() => void load()} />
        </>
      )}
      {details && <Form service={service} fields={details.fields ?? []} sample={details.sample ?? ''} />}
    </div>
  );
}

interface IFormProps {
  service: string;
  /** Under which name its requests are kept, where that is another. */
  place?: string;
  /** Of an endpoint: who must answer; empty for whom the rules choose. */
  deployment?: string;
  fields: IField[];
  sample: string;
}

const PLAIN = { name: 'request', of: '', kind: 'plain', hint: 'JSON' };

function Form({ service, place = service, deployment = '', fields, sample }: IFormProps): JSX.Element {
  const { trans } = useParts();
  const known = JSON.stringify([fields, sample]);
  const shown = React.useMemo(() => (fields.length ? fields : [{ ...PLAIN, value: sample }]), [known]);
  const [values, setValues] = React.useState(shown.map(field => field.value));
  const [wrong, setWrong] = React.useState<{ field: number; message: string } | null>(null);
  const { send, busy, answer, problem, history } = useRequests(service, place, deployment);
  React.useEffect(() => setValues(shown.map(field => field.value)), [shown]);
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (busy) {
      return;
    }
    const body = fields.length ? bodyOf(fields, values, trans) : values[0];
    if (typeof body === 'string') {
      setWrong(null);
      void send(body);
    } else {
      setWrong(body);
    }
  };
  const fill = (body: string): void => setValues(fields.length ? valuesFrom(fields, body) : [body]);
  return (
    <>
      <form className="jp-ModelDeploy-form" aria-label={trans.__('request for %1', service)} onSubmit={submit}>
        {shown.map((field, index) => (
          <Field
            key={`${field.of} ${field.name}`}
            field={field}
            value={values[index] ?? ''}
            wrong={wrong?.field === index ? wrong.message : ''}
            set={value => setValues(values.map((old, place) => (place === index ? value : old)))}
          />
        ))}
        <div className="jp-ModelDeploy-buttons">
          <button type="submit" className="jp-ModelDeploy-button jp-mod-main" aria-disabled={busy || undefined}>
            {trans.__('Send')}
          </button>
          <Button label={trans.__('Reset to the sample')} press={() => setValues(shown.map(field => field.value))} />
          {busy && <span role="status">{trans.__('Waiting for the answer …')}</span>}
        </div>
      </form>
      {problem && <ProblemView problem={problem} />}
      {answer && (
        <div className="jp-ModelDeploy-told" data-ok="true" role="status">
          <div className="jp-ModelDeploy-title">
            <b>{answer.title}</b>
            <CopyButton text={() => answer.text} name={trans.__('Copy the answer')} />
          </div>
          <pre tabIndex={0} aria-label={trans.__('answer')}>
            {answer.text.slice(0, SHOWN)}
          </pre>
          {answer.text.length > SHOWN && (
            <p className="jp-ModelDeploy-soft">
              {trans.__('These are %1 of %2 characters; Copy takes them all.', SHOWN.toLocaleString('en'), answer.text.length.toLocaleString('en'))}
            </p>
          )}
        </div>
      )}
      <History entries={history} fill={fill} />
    </>
  );
}

interface IFieldProps {
  field: IField;
  value: string;
  wrong: string;
  set: (value: string) => void;
}

function Field({ field, value, wrong, set }: IFieldProps): JSX.Element {
  const { trans } = useParts();
  const id = React.useId();
  const isMissing = value === MISSING;
  const common = {
    id,
    className: 'jp-ModelDeploy-field',
    value: isMissing ? '' : value,
    disabled: isMissing,
    'aria-invalid': wrong ? true : undefined,
    'aria-describedby': `${id}-hint`,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>) => set(event.target.value)
  };
  const isNumber = field.kind === 'integer' || field.kind === 'number';
  let input = <textarea {...common} rows={3} spellCheck={false} />;
  const choices = field.kind === 'boolean' ? ['true', 'false'] : field.choices ?? [];
  if (choices.length) {
    input = (
      <select {...common}>
        {/* Left out, or a missing value. */}
        {!(choices.includes(field.value) && choices.includes(value)) && <option value="">{NOTHING}</option>}
        {choices.map(one => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    );
  } else if (isNumber || field.kind === 'text') {
    input = <input {...common} type="text" inputMode={isNumber ? 'decimal' : undefined} spellCheck={false} />;
  }
  return (
    <div className="jp-ModelDeploy-fieldrow">
      <label htmlFor={id} id={`${id}-name`}>
        {field.name}
      </label>
      {input}
      {field.of && field.kind === 'text' && (
        <label className="jp-ModelDeploy-soft">
          <input
            type="checkbox"
            checked={isMissing}
            aria-describedby={`${id}-name`}
            onChange={event => set(event.target.checked ? MISSING : '')}
          />{' '}
          {trans.__('missing')}
        </label>
      )}
      <span id={`${id}-hint`} className={wrong ? 'jp-ModelDeploy-reason' : 'jp-ModelDeploy-soft'}>
        {wrong || [field.of && `${field.of}:`, field.hint].filter(Boolean).join(' ')}
      </span>
    </div>
  );
}

function History({ entries, fill }: { entries: ISent[]; fill: (body: string) => void }): JSX.Element | null {
  const { trans } = useParts();
  if (!entries.length) {
    return null;
  }
  return (
    <details className="jp-ModelDeploy-history">
      <summary>{trans.__('Earlier requests')}</summary>
      <ol>
        {entries.map((entry, index) => (
          <li key={index}>
            <button type="button" onClick={() => fill(entry.body)} aria-label={trans.__('Fill the form with the request of %1', moment(entry.at))}>
              <span className="jp-ModelDeploy-soft">
                {moment(entry.at)} {entry.ok ? '✓' : '✕'} {entry.said}
              </span>
              <code>{entry.body.slice(0, 300)}</code>
            </button>
          </li>
        ))}
      </ol>
    </details>
  );
}

interface IRequests {
  send: (body: string) => Promise<void>;
  busy: boolean;
  answer: { title: string; text: string } | null;
  problem: Problem | null;
  history: ISent[];
}

/** Send requests one at a time, and keep the last of them over reloads of the page. */
function useRequests(service: string, kept: string, deployment: string): IRequests {
  const { actions, state, trans } = useParts();
  const [busy, setBusy] = React.useState(false);
  const [answer, setAnswer] = React.useState<IRequests['answer']>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [history, setHistory] = React.useState<ISent[]>([]);
  const place = `jupyter-model-deploy:requests:${kept}`;
  React.useEffect(() => {
    void state?.fetch(place).then(found => setHistory(Array.isArray(found) ? (found as unknown as ISent[]) : []));
  }, [state, place]);
  const keep = (body: string, said: string, ok: boolean): void => {
    const all = [{ body, said, ok, at: new Date().toISOString() }, ...history].slice(0, HISTORY);
    setHistory(all);
    const short = all.filter(one => one.body.length <= LONGEST_KEPT);
    void state?.save(place, short as unknown as ReadonlyPartialJSONValue);
  };
  const send = async (body: string): Promise<void> => {
    setBusy(true);
    try {
      const told = answerOf(await actions.ask('invoke', { service, data: body, ...(deployment && { deployment }) }), trans);
      setAnswer(told);
      setProblem(null);
      keep(body, told.title, true);
    } catch (error) {
      const found = problemOf(error);
      setAnswer(null);
      setProblem(found);
      keep(body, found.message.split('\n')[0].slice(0, 120), false);
    } finally {
      setBusy(false);
    }
  };
  return { send, busy, answer, problem, history };
}

/** What is shown of an answer: the server has written its value, as a browser's numbers may not hold it. */
function answerOf({ value, written }: IOutcome, trans: TranslationBundle): { title: string; text: string } {
  const told = value as { value?: unknown; status?: number; seconds?: number } | null;
  const [status, took] = [String(told?.status ?? 200), told?.seconds];
  const title = took === undefined ? status : trans.__('%1 in %2', status, milliseconds(took * 1000));
  return { title, text: written || JSON.stringify(told?.value ?? value, null, 1) };
}
