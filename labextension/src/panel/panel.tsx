// The panel: services, endpoints and models, with a search over all.

import * as React from 'react';
import { useParts, useSignal, type IContext } from '../context';
import { ViewingWidget } from '../viewing';
import { allTags, Lists } from './lists';
import { Button, CopyButton, ProblemView, Search } from './parts';

export class Panel extends ViewingWidget {
  constructor(context: IContext) {
    super(context);
    this.addClass('jp-ModelDeploy');
    this.addClass('jp-ModelDeploy-panel');
    this.id = 'jp-model-deploy';
  }

  protected body(): JSX.Element {
    return <PanelView />;
  }
}

/** Why there is nothing to show, in one sentence, with what to do. */
export function Missing(): JSX.Element {
  const { store, trans } = useParts();
  const { problem } = store;
  const again = <Button label={trans.__('Reload')} kind="main" press={() => void store.refresh()} />;
  if (store.isForeign) {
    return (
      <div className="jp-ModelDeploy-missing" role="alert">
        <p>{store.mismatch}</p>
        {again}
      </div>
    );
  }
  if (problem?.why === 'missing') {
    const command = 'jupyter server extension enable jupyter_deploy';
    return (
      <div className="jp-ModelDeploy-missing" role="alert">
        <p>
          {trans.__(
            'This JupyterLab does not run the server part of the panel: enable it in the environment that JupyterLab runs in, and restart JupyterLab.'
          )}
        </p>
        <div className="jp-ModelDeploy-address">
          <code>{command}</code>
          <CopyButton text={() => command} name={trans.__('Copy the command')} />
        </div>
        {again}
      </div>
    );
  }
  return (
    <div className="jp-ModelDeploy-missing">
      {problem ? <ProblemView problem={problem} /> : <p>{trans.__('Looking …')}</p>}
      {problem && again}
    </div>
  );
}

function PanelView(): JSX.Element {
  const { store, trans } = useParts();
  useSignal(store.changed);
  const [words, setWords] = React.useState('');
  const [tag, setTag] = React.useState('');
  const { overview, problem } = store;
  if (!overview || store.isForeign || problem?.why === 'missing') {
    return <Missing />;
  }
  const tags = allTags(overview);
  return (
    <>
      <div className="jp-ModelDeploy-head">
        <Search name={trans.__('Search services, endpoints and models')} value={words} set={setWords} />
        {tags.length > 0 && (
          <select
            className="jp-ModelDeploy-field"
            aria-label={trans.__('Only what has this tag')}
            value={tag}
            onChange={event => setTag(event.target.value)}
          >
            <option value="">{trans.__('all tags')}</option>
            {tags.map(one => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
        <Button label="⟳" name={trans.__('Refresh')} kind="small" press={() => void store.refresh()} />
      </div>
      {store.mismatch && (
        <p className="jp-ModelDeploy-note" role="status">
          {store.mismatch}
        </p>
      )}
      {store.info?.problems?.map(one => (
        <div className="jp-ModelDeploy-note" key={one.message}>
          <ProblemView problem={one} />
        </div>
      ))}
      {problem && (
        <div className="jp-ModelDeploy-note">
          <p>{trans.__('This is from %1.', new Date(store.asOf).toLocaleTimeString())}</p>
          <ProblemView problem={problem} />
          <Button label={trans.__('Reload')} press={() => void store.refresh()} />
        </div>
      )}
      <Lists overview={overview} filter={{ words, tag: tags.includes(tag) ? tag : '' }} />
    </>
  );
}

