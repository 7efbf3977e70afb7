// The panel's sections as rows of one list: services, endpoints, models.

import * as React from 'react';
import type { IEndpoint, IModel, IOverview, IService } from '../api/records';
import { useParts } from '../context';
import { COMMANDS } from '../reach/names';
import { framework, matches, modelsOf } from '../text';
import { EndpointRow, servesOf } from './endpoints';
import { ModelRow, tagText } from './models';
import { Button } from './parts';
import { ServiceRow } from './services';
import { VirtualList, type IRow } from './virtual';

const LINE = 30; // pixels
/** What makes the lines below it work. */
const LOAD = '%load_ext jupyter_deploy';

export interface IFilter {
  words: string;
  /** As it is shown; empty for all. */
  tag: string;
}

function tagsOf(tags: Record<string, string>): string[] {
  return Object.entries(tags ?? {}).map(([key, value]) => tagText(key, value));
}

/** All tags, for the choice. */
export function allTags({ models, services, endpoints }: IOverview): string[] {
  return [...new Set([...models, ...services, ...endpoints].flatMap(one => tagsOf(one.tags)))].sort();
}

function wantedModels(models: IModel[], { words, tag }: IFilter): IModel[] {
  return models.filter(one => {
    const tags = tagsOf(one.tags);
    return (!tag || tags.includes(tag)) && matches(words, `${one.name}:${one.latest}`, framework(one), ...one.used_by, ...tags);
  });
}

/** Who uses a model with a tag. */
function usersOf(overview: IOverview, tag: string): Set<string> {
  return new Set(overview.models.filter(one => tagsOf(one.tags).includes(tag)).flatMap(one => one.used_by));
}

/** The endpoints that fit, as services do; what its deployments serve counts, too. */
function wantedEndpoints(overview: IOverview, { words, tag }: IFilter): IEndpoint[] {
  const users = usersOf(overview, tag);
  return overview.endpoints.filter(one => {
    const tags = tagsOf(one.tags);
    const inside = one.deployments.flatMap(each => [each.name, each.state, each.target, servesOf(each)]);
    return matches(words, one.name, one.state, ...inside, ...tags) && (!tag || users.has(one.name) || tags.includes(tag));
  });
}

/** The services that fit; with a tag, those that have it and those that use such a model. */
function wantedServices(overview: IOverview, { words, tag }: IFilter): IService[] {
  const users = usersOf(overview, tag);
  return overview.services.filter(one => {
    const tags = tagsOf(one.tags);
    const fits = matches(words, one.name, one.state, one.target, one.script, ...modelsOf(one), ...tags);
    return fits && (!tag || users.has(one.name) || tags.includes(tag));
  });
}

interface IFolds {
  folded: ReadonlySet<string>;
  flip: (key: string) => void;
  /** Forget rows of what is gone: another of that name is another one. */
  keepOnly: (keys: ReadonlySet<string>) => void;
}

/** Which sections and rows are not as they are at first. */
function useFolds(): IFolds {
  const [folded, set] = React.useState<ReadonlySet<string>>(new Set());
  const flip = (key: string): void =>
    set(before => {
      const changed = new Set(before);
      if (!changed.delete(key)) {
        changed.add(key);
      }
      return changed;
    });
  const keepOnly = (keys: ReadonlySet<string>): void =>
    set(before => ([...before].every(key => keys.has(key)) ? before : new Set([...before].filter(key => keys.has(key)))));
  return { folded, flip, keepOnly };
}

interface ISection<T> {
  key: string;
  title: string;
  items: T[];
  all: number;
  /** What to do where there is none yet. */
  first: React.ReactNode;
  /** What makes another one, where the panel can. */
  add?: React.ReactNode;
  draw: (item: T, open: boolean, toggle: () => void) => React.ReactNode;
}

function rowsOf<T extends { name: string }>(section: ISection<T>, folds: IFolds, none: string): IRow[] {
  const { key, title, items, all } = section;
  const open = !folds.folded.has(key);
  const toggle = (): void => folds.flip(key);
  const head = {
    key: `head ${key}`,
    height: LINE,
    draw: () => <Head title={title} shown={items.length} all={all} open={open} toggle={toggle} add={section.add} />
  };
  if (!open) {
    return [head];
  }
  if (!items.length) {
    const text = all ? none : section.first;
    return [head, { key: `none ${key}`, height: 60, draw: () => <div className="jp-ModelDeploy-empty">{text}</div> }];
  }
  const rows = items.map(item => {
    const own = `${key} ${item.name}`;
    return { key: own, height: LINE, draw: () => section.draw(item, folds.folded.has(own), () => folds.flip(own)) };
  });
  return [head, ...rows];
}

export function Lists({ overview, filter }: { overview: IOverview; filter: IFilter }): JSX.Element {
  const { actions, commands, trans } = useParts();
  const folds = useFolds();
  React.useEffect(() => {
    const kinds = { service: overview.services, endpoint: overview.endpoints, model: overview.models };
    const all = Object.entries(kinds).flatMap(([kind, items]) => items.map(({ name }) => ({ kind, name })));
    actions.keepOnly(new Set(all.map(({ kind, name }) => `${kind} ${name}`)));
    folds.keepOnly(new Set([...Object.keys(kinds).map(kind => `${kind}s`), ...all.map(({ kind, name }) => `${kind}s ${name}`)]));
  }, [overview]);
  const services: ISection<IService> = {
    key: 'services',
    title: trans.__('Services'),
    items: wantedServices(overview, filter),
    all: overview.services.length,
    first: (
      <>
        {trans.__('No service yet. In a notebook, the second line stands above a run(data) in a cell of its own, and the third one serves it:')}
        <Lines lines={[LOAD, '%%score_script NAME', '%deploy NAME']} />
      </>
    ),
    draw: (service, open, toggle) => <ServiceRow service={service} open={open} toggle={toggle} />
  };
  const endpoints: ISection<IEndpoint> = {
    key: 'endpoints',
    title: trans.__('Endpoints'),
    items: wantedEndpoints(overview, filter),
    all: overview.endpoints.length,
    first: (
      <>
        {trans.__('No endpoint yet: one address that shares its requests between deployments. In a notebook:')}
        <Lines lines={['%deploy SCRIPT --endpoint shop --deployment blue']} />
      </>
    ),
    add: (
      <Button
        label={trans.__('New…')}
        name={trans.__('Create an endpoint')}
        kind="small"
        press={() => void commands.execute(COMMANDS.createEndpoint)}
      />
    ),
    draw: (endpoint, open, toggle) => <EndpointRow endpoint={endpoint} open={open} toggle={toggle} />
  };
  const models: ISection<IModel> = {
    key: 'models',
    title: trans.__('Models'),
    items: wantedModels(overview.models, filter),
    all: overview.models.length,
    first: (
      <>
        {trans.__('No model yet. In a notebook, this keeps what you have trained:')}
        <Lines lines={[LOAD, '%register NAME VARIABLE']} />
      </>
    ),
    draw: (model, open, toggle) => <ModelRow model={model} open={open} toggle={toggle} />
  };
  const none = trans.__('None of them fits the search.');
  return (
    <VirtualList
      rows={[...rowsOf(services, folds, none), ...rowsOf(endpoints, folds, none), ...rowsOf(models, folds, none)]}
      label={trans.__('services, endpoints and models')}
    />
  );
}

/** Lines of a notebook. They are in no translated text, where a doubled percent sign would become one. */
function Lines({ lines }: { lines: string[] }): JSX.Element {
  return (
    <>
      {lines.map(line => (
        <div key={line}>
          <code>{line}</code>
        </div>
      ))}
    </>
  );
}

interface IHead {
  title: string;
  shown: number;
  all: number;
  open: boolean;
  toggle: () => void;
  add?: React.ReactNode;
}

function Head({ title, shown, all, open, toggle, add }: IHead): JSX.Element {
  const count = shown === all ? String(all) : `${shown} / ${all}`;
  return (
    <div className="jp-ModelDeploy-section">
      <h2>
        <button type="button" className="jp-ModelDeploy-line" data-row="" aria-expanded={open} onClick={toggle}>
          <span aria-hidden="true">{open ? '▾' : '▸'}</span>
          <span className="jp-ModelDeploy-grow">{title}</span>
          <span className="jp-ModelDeploy-count">{count}</span>
        </button>
      </h2>
      {add}
    </div>
  );
}
