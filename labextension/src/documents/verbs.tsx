// Any verb of the command line, with a form of its arguments: what has no button of its own is done here.

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import { problemOf, type Problem } from '../api/client';
import type { IArgument, IVerb } from '../api/records';
import { Context, useParts, useSignal, type IContext } from '../context';
import { Button, CopyButton, ProblemView } from '../panel/parts';
import { translation } from '../translation';

const KEY = 'verbs'; // what is done here is kept under this key

export class VerbsView extends ReactWidget {
  constructor(private readonly _context: IContext) {
    super();
    this.addClass('jp-ModelDeploy');
    this.addClass('jp-ModelDeploy-verbs');
  }

  protected render(): JSX.Element {
    return (
      <Context.Provider value={this._context}>
        <Verbs />
      </Context.Provider>
    );
  }
}

function Verbs(): JSX.Element {
  const { store, trans } = useParts();
  const [verbs, setVerbs] = React.useState<IVerb[]>([]);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [chosen, choose] = React.useState('');
  const id = React.useId();
  const load = React.useCallback(async () => {
    try {
      setVerbs(await store.client.verbs());
      setProblem(null);
    } catch (error) {
      setProblem(problemOf(error));
    }
  }, [store]);
  React.useEffect(() => void load(), [load]);
  const verb = verbs.find(one => one.name === chosen);
  return (
    <div className="jp-ModelDeploy-page">
      <div className="jp-ModelDeploy-fieldrow">
        <label htmlFor={id}>{trans.__('Verb')}</label>
        <select id={id} className="jp-ModelDeploy-field" value={chosen} onChange={event => choose(event.target.value)}>
          <option value="">{trans.__('Choose one')}</option>
          {verbs.map(one => (
            <option key={one.name} value={one.name} disabled={Boolean(one.why_not)} title={one.why_not || one.help}>
              {one.name}: {one.why_not || one.help}
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
      {verb && <VerbForm key={verb.name} verb={verb} />}
    </div>
  );
}

function VerbForm({ verb }: { verb: IVerb }): JSX.Element {
  const { actions, trans } = useParts();
  useSignal(actions.changed);
  const [values, setValues] = React.useState<Record<string, string>>({});
  const [shown, show] = React.useState('');
  const [wrong, setWrong] = React.useState('');
  const offered = verb.arguments.filter(one => !one.why_not);
  const [busy, told] = [actions.busy(KEY), actions.told(KEY)];
  React.useEffect(() => () => actions.forget(KEY), [actions]);
  const help = React.useRef<HTMLParagraphElement>(null);
  React.useEffect(() => actions.watch(KEY, () => Boolean(help.current?.getClientRects().length)), [actions]);
  const submit = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) {
      return;
    }
    const lacking = offered.find(one => one.required && !values[one.name]?.trim());
    const given = lacking ? trans.__('%1 is missing.', lacking.name) : valuesOf(offered, values);
    setWrong(typeof given === 'string' ? given : '');
    if (typeof given !== 'string') {
      show('');
      const outcome = await actions.run(KEY, verb.name, verb.name, given);
      show(outcome ? outcome.text || outcome.sentence : '');
    }
  };
  return (
    <>
      <p className="jp-ModelDeploy-soft" ref={help}>
        {verb.help}
      </p>
      <form className="jp-ModelDeploy-form" aria-label={trans.__('arguments of %1', verb.name)} onSubmit={event => void submit(event)}>
        {offered.map(one => (
          <Argument
            key={one.name}
            argument={one}
            value={values[one.name] ?? ''}
            set={value => setValues({ ...values, [one.name]: value })}
          />
        ))}
        <div className="jp-ModelDeploy-buttons">
          <button type="submit" className="jp-ModelDeploy-button jp-mod-main" aria-disabled={Boolean(busy) || undefined}>
            {trans.__('Run')}
          </button>
          {busy && <span role="status">{busy.stage || busy.what} …</span>}
          {busy?.cancel && <Button label={trans.__('Cancel')} press={busy.cancel} />}
        </div>
      </form>
      {wrong && (
        <div className="jp-ModelDeploy-reason" role="alert">
          {wrong}
        </div>
      )}
      {told?.problem && <ProblemView problem={told.problem} />}
      {told?.ok && !busy && (
        <div className="jp-ModelDeploy-told" data-ok="true" role="status">
          {told.notes.map((note, index) => (
            <div key={index}>{note}</div>
          ))}
          <pre tabIndex={0} aria-label={trans.__('result')}>
            {shown || told.title}
          </pre>
          <CopyButton text={() => shown || told.title} name={trans.__('Copy the result')} />
        </div>
      )}
    </>
  );
}

interface IArgumentProps {
  argument: IArgument;
  value: string;
  set: (value: string) => void;
}

function Argument({ argument, value, set }: IArgumentProps): JSX.Element {
  const { trans } = useParts();
  const id = React.useId();
  const common = {
    id,
    className: 'jp-ModelDeploy-field',
    value,
    required: argument.required,
    'aria-describedby': `${id}-help`,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>) => set(event.target.value)
  };
  let input = <input {...common} type="text" placeholder={argument.metavar} spellCheck={false} />;
  if (argument.kind === 'flag' || argument.choices.length) {
    input = (
      <select {...common}>
        <option value="">{argument.kind === 'flag' ? trans.__('no') : ''}</option>
        {(argument.kind === 'flag' ? ['yes'] : argument.choices).map(choice => (
          <option key={choice} value={choice}>
            {argument.kind === 'flag' ? trans.__('yes') : choice}
          </option>
        ))}
      </select>
    );
  } else if (argument.many) {
    input = <textarea {...common} rows={2} placeholder={trans.__('one a line')} spellCheck={false} />;
  }
  return (
    <div className="jp-ModelDeploy-fieldrow">
      <label htmlFor={id}>
        {argument.name}
        {argument.required ? ' *' : ''}
      </label>
      {input}
      <span id={`${id}-help`} className="jp-ModelDeploy-soft">
        {argument.help}
      </span>
    </div>
  );
}

/** What was filled in, in the types that the verb takes; a text says what is wrong. */
function valuesOf(offered: IArgument[], values: Record<string, string>): Record<string, unknown> | string {
  const given: Record<string, unknown> = {};
  for (const { name, kind, many } of offered) {
    const value = values[name]?.trim();
    if (!value) {
      continue;
    }
    if (kind === 'integer' || kind === 'number') {
      if (!Number.isFinite(Number(value))) {
        return translation().__('%1: %2 is not a number.', name, value);
      }
      given[name] = Number(value);
    } else if (kind === 'flag') {
      given[name] = true;
    } else {
      given[name] = many ? value.split('\n').filter(line => line.trim()) : value;
    }
  }
  return given;
}
