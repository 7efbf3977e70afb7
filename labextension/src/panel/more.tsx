// Details of a service that are asked for when its row is opened: its changes, and its last failure.

import * as React from 'react';
import { problemOf, type Problem } from '../api/client';
import type { IService, IServiceDetails } from '../api/records';
import { useParts } from '../context';
import { Button, ProblemView } from './parts';

export function More({ service }: { service: IService }): JSX.Element {
  const { store, trans } = useParts();
  const [open, setOpen] = React.useState(false);
  const [details, setDetails] = React.useState<IServiceDetails | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const { name, generation, state } = service;
  const load = React.useCallback(async () => {
    try {
      setDetails(await store.client.service(name));
      setProblem(null);
    } catch (error) {
      setProblem(problemOf(error));
    }
  }, [store, name]);
  React.useEffect(() => {
    if (open) {
      void load();
    }
  }, [open, load, generation, state]);
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary className="jp-ModelDeploy-soft">{trans.__('History')}</summary>
      {problem && (
        <>
          <ProblemView problem={problem} />
          <Button label={trans.__('Reload')} press={() => void load()} />
        </>
      )}
      {open && details && <History details={details} />}
    </details>
  );
}

function History({ details }: { details: IServiceDetails }): JSX.Element {
  const { trans } = useParts();
  const { failure } = details;
  const entries = (details.history ?? []).slice(0, 20);
  return (
    <div className="jp-ModelDeploy-more">
      {failure && <ProblemView problem={{ code: '', command: '', ...failure }} />}
      <ol>
        {entries.map((entry, index) => (
          <li key={index}>
            <span className="jp-ModelDeploy-soft">{new Date(entry.at * 1000).toLocaleString()}</span> {entry.sentence}
          </li>
        ))}
      </ol>
      {!entries.length && <p className="jp-ModelDeploy-soft">{trans.__('No change is on record.')}</p>}
    </div>
  );
}
