// What the flow shows, as tables for those who hear the page.

import { el } from "../shared/dom.js";
import { rateWords } from "../shared/words.js";

/** @import { Flow } from "./flow_model.js" */

const ROUTES = ["Route", "Searches per second", "Images per second", "Waiting", "Goes to"];
const MACHINES = ["Machine", "State", "Places busy", "Answers", "Share of all work"];

/**
 * Return the rows of the two tables.
 *
 * @param {Flow} flow
 * @returns {{routes: string[][], machines: string[][]}}
 */
export function rowsOf({ routes, machines, links }) {
  const names = new Map(machines.map(({ id, name }) => [id, name]));
  return {
    routes: routes.map(({ id, title, words }) => {
      const arrived = ["search", "image"].map((kind) =>
        links.find(({ from, to }) => from === kind && to === id),
      );
      const targets = links
        .filter(({ from }) => from === id)
        .map(({ to, rate, fallback }) => {
          const told = fallback ? "as fallback, " : "";
          return `${names.get(to)} (${told}${rateWords(rate)} per second)`;
        });
      return [
        title,
        ...arrived.map((link) => rateWords(link?.rate ?? 0)),
        words.join(", ") || "nothing",
        targets.join(", ") || "no machine",
      ];
    }),
    machines: machines.map(({ name, state, busy, limit, rate, share }) => [
      name,
      state,
      `${busy} of ${limit}`,
      rate,
      share,
    ]),
  };
}

export class FlowTable {
  constructor() {
    this._routes = el("tbody");
    this._machines = el("tbody");
    this.node = el(
      "div",
      { class: "visually-hidden" },
      table("What comes from Immich, by route", ROUTES, this._routes),
      table("What the machines do", MACHINES, this._machines),
    );
  }

  /** @param {Flow} flow */
  show(flow) {
    const { routes, machines } = rowsOf(flow);
    fill(this._routes, routes);
    fill(this._machines, machines);
  }
}

/**
 * @param {string} caption
 * @param {string[]} heads
 * @param {HTMLElement} body
 */
function table(caption, heads, body) {
  const row = el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)));
  return el("table", {}, el("caption", {}, caption), el("thead", {}, row), body);
}

/**
 * Show these rows; where one stays, so does the place of whoever reads there.
 *
 * @param {HTMLElement} body
 * @param {string[][]} rows
 */
function fill(body, rows) {
  while (body.children.length > rows.length) body.lastElementChild?.remove();
  rows.forEach((cells, index) => {
    const row = body.children[index];
    if (!row) {
      const [head, ...others] = cells;
      const shown = others.map((text) => el("td", {}, text));
      body.append(el("tr", {}, el("th", { scope: "row" }, head), ...shown));
      return;
    }
    cells.forEach((text, place) => {
      if (row.children[place].textContent !== text) row.children[place].textContent = text;
    });
  });
}
