// The keys or a token of a service or an endpoint: asked for when wanted, masked until they are to be seen, kept nowhere.

import * as React from 'react';
import { problemOf, type Problem } from '../api/client';
import type { IKeys } from '../api/records';
import { useParts } from '../context';
import { confirmed } from '../reach/names';
import { Button, CopyButton, ProblemView } from './parts';

const MASK = '••••••••••••';

interface IProps {
  kind: 'service' | 'endpoint';
  name: string;
}

export function KeysView({ kind, name }: IProps): JSX.Element {
  const { store, actions, trans } = useParts();
  const [keys, setKeys] = React.useState<IKeys | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [shown, show] = React.useState(false);
  const load = React.useCallback(async (): Promise<IKeys | null> => {
    try {
      const found = await store.client.keys(kind, name);
      setKeys(found);
      setProblem(null);
      return found;
    } catch (error) {
      setProblem(problemOf(error));
      return null;
    }
  }, [store, kind, name]);
  React.useEffect(() => void load(), [load]);
  // Another page or a terminal may have replaced one meanwhile.
  const fresh = async (which: 'primary' | 'secondary'): Promise<string> => (await load())?.[which] ?? '';
  const reveal = (): void => {
    show(!shown);
    void load();
  };
  const names = { primary: trans.__('primary'), secondary: trans.__('secondary') };
  const renew = async (which: string): Promise<void> => {
    const what = trans.__('Make a new %1 key for %2?', which, name);
    const warning = trans.__('Clients that use the present one are refused from then on.');
    if (await confirmed(trans, what, warning, trans.__('Make it'))) {
      const [verb, of] = kind === 'service' ? ['keys', { service: name }] : ['endpoint', { action: 'keys', endpoint: name }];
      const done = await actions.run(`${kind} ${name}`, trans.__('Making a key'), verb, { ...of, regenerate: which }, true);
      if (done) {
        actions.tell(`${kind} ${name}`, trans.__('The %1 key is new; the one before it is refused now.', which));
      }
      await load();
    }
  };
  if (problem) {
    return (
      <>
        <ProblemView problem={problem} />
        <Button label={trans.__('Reload')} kind="small" press={() => void load()} />
      </>
    );
  }
  if (!keys) {
    return <div className="jp-ModelDeploy-soft">…</div>;
  }
  return (
    <div className="jp-ModelDeploy-keys" role="group" aria-label={trans.__('keys of %1', name)}>
      {(['primary', 'secondary'] as const).map(which => (
        <div key={which}>
          <span className="jp-ModelDeploy-soft">{names[which]}</span>
          <code>{shown ? keys[which] : MASK}</code>
          <CopyButton text={() => fresh(which)} name={trans.__('Copy the %1 key', names[which])} />
          <Button label={trans.__('New…')} name={trans.__('New %1 key', names[which])} kind="small" press={() => void renew(which)} />
        </div>
      ))}
      <Button label={shown ? trans.__('Hide') : trans.__('Show')} kind="small" press={reveal} />
    </div>
  );
}

/** A token of a service whose clients need one: made when it is asked for, good for an hour. */
export function TokenView({ name }: { name: string }): JSX.Element {
  const { actions, trans } = useParts();
  const [token, setToken] = React.useState('');
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [shown, show] = React.useState(false);
  const make = React.useCallback(async () => {
    try {
      setToken((await actions.ask('token', { service: name, show: true })).text.trim());
      setProblem(null);
    } catch (error) {
      setProblem(problemOf(error));
    }
  }, [actions, name]);
  React.useEffect(() => void make(), [make]);
  return (
    <div className="jp-ModelDeploy-keys" role="group" aria-label={trans.__('token for %1', name)}>
      {problem && <ProblemView problem={problem} />}
      {token && (
        <>
          <div>
            <code>{shown ? token : MASK}</code>
            <CopyButton text={() => token} name={trans.__('Copy the token')} />
          </div>
          <span className="jp-ModelDeploy-soft">{trans.__('It lets a client in for an hour.')}</span>
          <Button label={shown ? trans.__('Hide') : trans.__('Show')} kind="small" press={() => show(!shown)} />
        </>
      )}
      <Button label={trans.__('Another')} name={trans.__('Make another token')} kind="small" press={() => void make()} />
    </div>
  );
}
