// The panel's sections as rows of one list: services, then models.

import * as React from 'react';
import type { IModel, IOverview, IService } from '../api/records';
import { useParts } from '../context';
import { framework, matches, modelsOf } from '../text';
import { ModelRow, tagText } from './models';
import { ServiceRow } from './services';
import { VirtualList, type IRow } from './virtual';

const LINE = 30; // pixels

export interface IFilter {
  words: string;
  /** As it is shown; empty for all. */
  tag: string;
}

function tagsOf(tags: Record<string, string>): string[] {
  return Object.entries(tags ?? {}).map(([key, value]) => tagText(key, value));
}

/** All tags of models, for the choice. */
export function allTags(models: IModel[]): string[] {
  return [...new Set(models.flatMap(model => tagsOf(model.tags)))].sort();
}

function wantedModels(models: IModel[], { words, tag }: IFilter): IModel[] {
  return models.filter(one => {
    const tags = tagsOf(one.tags);
    return (!tag || tags.includes(tag)) && matches(words, one.name, framework(one), ...one.used_by, ...tags);
  });
}

/** The services that fit; with a tag, those that have it and those that use such a model. */
function wantedServices(overview: IOverview, { words, tag }: IFilter): IService[] {
  const users = new Set(overview.models.filter(one => tagsOf(one.tags).includes(tag)).flatMap(one => one.used_by));
  return overview.services.filter(one => {
    const tags = tagsOf(one.tags);
    const fits = matches(words, one.name, one.state, one.target, one.script, ...modelsOf(one), ...tags);
    return fits && (!tag || users.has(one.name) || tags.includes(tag));
  });
}

interface IFolds {
  folded: ReadonlySet<string>;
  flip: (key: string) => void;
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
  return { folded, flip };
}

interface ISection<T> {
  key: string;
  title: string;
  items: T[];
  all: number;
  /** What to do where there is none yet. */
  first: string;
  draw: (item: T, open: boolean, toggle: () => void) => React.ReactNode;
}

function rowsOf<T extends { name: string }>(section: ISection<T>, folds: IFolds, none: string): IRow[] {
  const { key, title, items, all } = section;
  const open = !folds.folded.has(key);
  const toggle = (): void => folds.flip(key);
  const head = {
    key: `head ${key}`,
    height: LINE,
    draw: () => <Head title={title} shown={items.length} all={all} open={open} toggle={toggle} />
  };
  if (!open) {
    return [head];
  }
  if (!items.length) {
    const text = all ? none : section.first;
    return [head, { key: `none ${key}`, height: 60, draw: () => <p className="jp-ModelDeploy-empty">{text}</p> }];
  }
  const rows = items.map(item => {
    const own = `${key} ${item.name}`;
    return { key: own, height: LINE, draw: () => section.draw(item, folds.folded.has(own), () => folds.flip(own)) };
  });
  return [head, ...rows];
}

export function Lists({ overview, filter }: { overview: IOverview; filter: IFilter }): JSX.Element {
  const { trans } = useParts();
  const folds = useFolds();
  const services: ISection<IService> = {
    key: 'services',
    title: trans.__('Services'),
    items: wantedServices(overview, filter),
    all: overview.services.length,
    first: trans.__('No service yet. In a notebook, %%score_script NAME above a run(data), and then %deploy NAME, serve a model.'),
    draw: (service, open, toggle) => <ServiceRow service={service} open={open} toggle={toggle} />
  };
  const models: ISection<IModel> = {
    key: 'models',
    title: trans.__('Models'),
    items: wantedModels(overview.models, filter),
    all: overview.models.length,
    first: trans.__('No model yet. In a notebook, %register NAME VARIABLE keeps what you have trained.'),
    draw: (model, open, toggle) => <ModelRow model={model} open={open} toggle={toggle} />
  };
  const none = trans.__('None of them fits the search.');
  return (
    <VirtualList
      rows={[...rowsOf(services, folds, none), ...rowsOf(models, folds, none)]}
      label={trans.__('services and models')}
    />
  );
}

interface IHead {
  title: string;
  shown: number;
  all: number;
  open: boolean;
  toggle: () => void;
}

function Head({ title, shown, all, open, toggle }: IHead): JSX.Element {
  const count = shown === all ? String(all) : `${shown} / ${all}`;
  return (
    <h2 className="jp-ModelDeploy-section">
      <button type="button" className="jp-ModelDeploy-line" data-row="" aria-expanded={open} onClick={toggle}>
        <span aria-hidden="true">{open ? '▾' : '▸'}</span>
        <span className="jp-ModelDeploy-grow">{title}</span>
        <span className="jp-ModelDeploy-count">{count}</span>
      </button>
    </h2>
  );
}
