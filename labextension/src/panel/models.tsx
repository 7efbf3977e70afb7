// A model in the panel: one line, and below it its versions with their tags.

import { InputDialog } from '@jupyterlab/apputils';
import * as React from 'react';
import { problemOf, type Problem } from '../api/client';
import type { IModel, IModelDetails, IVersion } from '../api/records';
import { useParts, useSignal } from '../context';
import { startDrag } from '../reach/drag';
import { confirmed } from '../reach/names';
import { framework, moment, size } from '../text';
import { Button, Facts, ProblemView, Told } from './parts';

const AT_ONCE = 10;

interface IProps {
  model: IModel;
  open: boolean;
  toggle: () => void;
}

export function ModelRow({ model, open, toggle }: IProps): JSX.Element {
  const { trans } = useParts();
  const used = model.used_by.length;
  return (
    <div className="jp-ModelDeploy-row" role="group" aria-label={trans.__('model %1', model.name)} data-open={open}>
      <button
        type="button"
        className="jp-ModelDeploy-line"
        aria-expanded={open}
        data-row=""
        onClick={toggle}
        onPointerDown={event => startDrag(event, model.name, modelCode(model.name, model.latest))}
      >
        <span className="jp-ModelDeploy-name" title={model.name}>
          {model.name}
        </span>
        <span className="jp-ModelDeploy-soft">:{model.latest}</span>
        <span className="jp-ModelDeploy-grow jp-ModelDeploy-tags">
          {Object.entries(model.tags).map(([key, value]) => (
            <span className="jp-ModelDeploy-tag" key={key} title={tagText(key, value)}>
              {tagText(key, value)}
            </span>
          ))}
        </span>
        {used > 0 && (
          <span className="jp-ModelDeploy-soft" title={model.used_by.join(', ')}>
            {trans.__('used by %1', used)}
          </span>
        )}
      </button>
      {open && <ModelDetails model={model} />}
    </div>
  );
}

export function tagText(key: string, value: string): string {
  return value ? `${key}=${value}` : key;
}

/** The lines of a notebook that a dragged model becomes. */
export function modelCode(name: string, version: number): string {
  return `%model show ${name}:${version}`;
}

function ModelDetails({ model }: { model: IModel }): JSX.Element {
  const { store, trans } = useParts();
  const [details, setDetails] = React.useState<IModelDetails | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const [shown, show] = React.useState(AT_ONCE);
  const load = React.useCallback(async () => {
    try {
      setDetails(await store.client.model(model.name));
      setProblem(null);
    } catch (error) {
      setProblem(problemOf(error));
    }
  }, [store, model.name]);
  // The overview changes with the model; its other versions are asked for again then.
  const known = JSON.stringify([model.latest, model.versions, model.tags, model.used_by, store.overview?.revision]);
  React.useEffect(() => void load(), [load, known]);
  return (
    <div className="jp-ModelDeploy-details">
      <Told of={`model ${model.name}`} />
      {problem && (
        <>
          <ProblemView problem={problem} />
          <Button label={trans.__('Reload')} press={() => void load()} />
        </>
      )}
      {details?.versions.slice(0, shown).map(version => (
        <Version key={version.id} version={version} reload={() => void load()} />
      ))}
      {details && details.versions.length > shown && (
        <Button
          label={trans.__('Show %1 more', Math.min(AT_ONCE * 2, details.versions.length - shown))}
          press={() => show(shown + AT_ONCE * 2)}
        />
      )}
    </div>
  );
}

function Version({ version, reload }: { version: IVersion; reload: () => void }): JSX.Element {
  const { actions, settings, trans } = useParts();
  useSignal(actions.changed);
  const key = `model ${version.name}`;
  const isBusy = actions.busy(key) !== undefined;
  const serve = async (): Promise<void> => {
    const title = trans.__('Serve %1', version.id);
    const label = trans.__('Name of the service; one of that name takes this version');
    const name = (await InputDialog.getText({ title, label, text: version.name })).value?.trim();
    if (name) {
      const target = settings.defaultTarget ? { target: settings.defaultTarget } : {};
      await actions.run(key, trans.__('Deploying %1', name), 'deploy', { service: name, model: [version.id], ...target });
    }
  };
  const remove = async (): Promise<void> => {
    const body = trans.__('Its files are removed for good.');
    if (await confirmed(trans, trans.__('Remove %1?', version.id), body, trans.__('Remove'))) {
      await actions.run(key, trans.__('Removing %1', version.id), 'unregister', { model: version.id }, true);
      reload();
    }
  };
  return (
    <div className="jp-ModelDeploy-version" role="group" aria-label={version.id}>
      <div className="jp-ModelDeploy-title">
        <b>{trans.__('version %1', version.version)}</b>
        <span className="jp-ModelDeploy-soft">
          {size(version.size)}, {moment(version.created)}
        </span>
      </div>
      <Tags version={version} reload={reload} />
      <Facts
        rows={[
          [trans.__('framework'), framework(version)],
          [trans.__('used by'), (version.used_by ?? []).join(', ')],
          [trans.__('about'), version.description]
        ]}
      />
      <div className="jp-ModelDeploy-buttons">
        <Button label={trans.__('Serve…')} name={trans.__('Serve %1', version.id)} disabled={isBusy} press={() => void serve()} />
        <Button label={trans.__('Remove')} name={trans.__('Remove %1', version.id)} disabled={isBusy} press={() => void remove()} />
      </div>
    </div>
  );
}

function Tags({ version, reload }: { version: IVersion; reload: () => void }): JSX.Element {
  const { actions, trans } = useParts();
  const change = async (args: Record<string, unknown>): Promise<void> => {
    await actions.run(`model ${version.name}`, trans.__('Changing tags of %1', version.id), 'tag', { model: version.id, ...args });
    reload();
  };
  /** Ask for a tag; with a key, for what this one is to be. */
  const write = async (key = ''): Promise<void> => {
    const title = trans.__('Tag of %1', version.id);
    const text = key && `${key}=${version.tags[key]}`;
    const found = (await InputDialog.getText({ title, label: trans.__('KEY=VALUE'), text })).value?.trim();
    if (!found || found === text) {
      return;
    }
    const isOther = key !== '' && found.split('=', 1)[0] !== key;
    await change({ tags: [found.includes('=') ? found : `${found}=`], ...(isOther && { remove: [key] }) });
  };
  return (
    <div className="jp-ModelDeploy-tags">
      {Object.entries(version.tags).map(([key, value]) => (
        <span className="jp-ModelDeploy-tag" key={key}>
          <button type="button" aria-label={trans.__('Change tag %1', key)} onClick={() => void write(key)}>
            {tagText(key, value)}
          </button>
          <button type="button" aria-label={trans.__('Remove tag %1', key)} onClick={() => void change({ remove: [key] })}>
            ×
          </button>
        </span>
      ))}
      <Button label={trans.__('+ tag')} name={trans.__('Add a tag to %1', version.id)} kind="small" press={() => void write()} />
    </div>
  );
}
