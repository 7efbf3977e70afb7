// The keys of a service or an endpoint: asked for when they are wanted, masked until they are to be seen, kept nowhere.

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
  const load = React.useCallback(async () => {
    try {
      setKeys(await store.client.keys(kind, name));
      setProblem(null);
    } catch (error) {
      setProblem(problemOf(error));
    }
  }, [store, kind, name]);
  React.useEffect(() => void load(), [load]);
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
    return <ProblemView problem={problem} close={() => void load()} />;
  }
  if (!keys) {
    return <div className="jp-ModelDeploy-soft">…</div>;
  }
  return (
    <div className="jp-ModelDeploy-keys" role="group" aria-label={trans.__('keys of %1', name)}>
      {(['primary', 'secondary'] as const).map(which => (
        <div key={which}>
          <span className="jp-ModelDeploy-soft">{which}</span>
          <code>{shown ? keys[which] : MASK}</code>
          <CopyButton text={() => keys[which]} name={trans.__('Copy the %1 key', which)} />
          <Button label={trans.__('New…')} name={trans.__('New %1 key', which)} kind="small" press={() => void renew(which)} />
        </div>
      ))}
      <Button label={shown ? trans.__('Hide') : trans.__('Show')} kind="small" pressed={shown} press={() => show(!shown)} />
    </div>
  );
}
