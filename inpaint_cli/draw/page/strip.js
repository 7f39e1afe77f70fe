import { byId } from "./dom.js";

/** @import { Drawing } from "./drawing.js" */

/** The photos of a folder, in a row. */
export class Strip {
  #buttons = /** @type {HTMLButtonElement[]} */ ([]);

  /**
   * @param {string[]} names
   * @param {(photo: number) => void} open
   */
  constructor(names, open) {
    byId("strip", HTMLElement).hidden = names.length < 2;
    if (names.length < 2) return;
    this.#buttons = names.map((name, photo) => {
      const button = document.createElement("button");
      const image = document.createElement("img");
      button.type = "button";
      button.title = name;
      image.loading = "lazy";
      image.alt = name;
      image.src = `/api/photos/${photo}/thumbnail`;
      button.append(image);
      button.addEventListener("click", () => open(photo));
      return button;
    });
    const items = this.#buttons.map((button) => {
      const item = document.createElement("li");
      item.append(button);
      return item;
    });
    byId("photos", HTMLOListElement).replaceChildren(...items);
  }

  /**
   * @param {number} current
   * @param {Drawing[]} drawings
   */
  mark(current, drawings) {
    for (const [photo, button] of this.#buttons.entries()) {
      button.setAttribute("aria-current", String(photo === current));
      const drawing = drawings[photo];
      const state = drawing.isSaved ? (drawing.canUndo ? "saved" : "") : "changed";
      if (state) button.dataset.state = state;
      else delete button.dataset.state;
    }
    this.#buttons[current]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
