/** @import { Stroke, Variant } from "./types.js" */

let lastId = Date.now();

/** What is drawn on one photo: every stroke, and how many of them are not undone. */
export class Drawing {
  /** @type {Stroke[]} */
  strokes = [];
  done = 0;
  /** @type {Variant} */
  variant = { seed: null, lines: true };
  /** The key of what was saved last; that of an untouched photo counts as saved. */
  saved = this.key();

  /** The strokes that are not undone. */
  get active() {
    return this.strokes.slice(0, this.done);
  }

  get canUndo() {
    return this.done > 0;
  }

  get canRedo() {
    return this.done < this.strokes.length;
  }

  get isSaved() {
    return this.saved === this.key();
  }

  /** Whether the strokes have emptied the mask that the photo came with. */
  get isCleared() {
    return this.active.some((stroke) => stroke.tool === "clear");
  }

  /**
   * Return a key that identifies this state of the photo.
   *
   * @param {Variant} variant
   */
  key(variant = this.variant) {
    return [...this.active.map((stroke) => stroke.id), variant.seed, variant.lines].join(" ");
  }

  /** @param {Omit<Stroke, "id">} stroke */
  add(stroke) {
    this.strokes = [...this.active, { id: ++lastId, ...stroke }];
    this.done = this.strokes.length;
  }

  undo() {
    this.done = Math.max(0, this.done - 1);
  }

  redo() {
    this.done = Math.min(this.strokes.length, this.done + 1);
  }
}

/**
 * The drawings of a session, which outlive a reload of the page.
 */
export class Drawings {
  /**
   * @param {string} session
   * @param {number} photos
   */
  constructor(session, photos) {
    this.session = session;
    this.all = Array.from({ length: photos }, () => new Drawing());
    const stored = JSON.parse(sessionStorage.getItem("drawings") ?? "null");
    if (stored?.session !== session) return;
    for (const [index, drawing] of stored.all.entries()) Object.assign(this.all[index], drawing);
  }

  /** Keep them for a reload; a drawing that is too large for the browser's store lasts until then. */
  store() {
    try {
      sessionStorage.setItem("drawings", JSON.stringify({ session: this.session, all: this.all }));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      sessionStorage.removeItem("drawings");
    }
  }
}
